/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Runs the programs of an object and writes what came of it: see compare.h. */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "packets.h"

static bool each_always, list_only;

static bool take(const char **name, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(*name, prefix, n) != 0)
        return false;
    *name += n;
    return true;
}

static bool begins(const char *text, const char *prefix) { return take(&text, prefix); }

static enum kind kind_of(const char *section)
{
    static const struct {
        const char *prefix;
        enum kind kind;
    } kinds[] = {{"xdp", KIND_XDP},         {"tc", KIND_SKB},         {"classifier", KIND_SKB}, {"action", KIND_SKB},
                 {"socket", KIND_SKB},      {"cgroup_skb", KIND_SKB}, {"raw_tp", KIND_RAW_TP},  {"raw_tracepoint", KIND_RAW_TP},
                 {"syscall", KIND_SYSCALL}, {"lwt_", KIND_SKB}};
    while (*section == '?')
        section++;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (begins(section, kinds[i].prefix))
            return kinds[i].kind;
    return KIND_NONE;
}

static void hex(const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        printf("%02x", ((const uint8_t *)bytes)[i]);
}

/* FNV-1a: long packets are shown by it. */
static uint64_t hash(const uint8_t *bytes, size_t size)
{
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * 0x100000001b3;
    return h;
}

static void hex_or_hash(const uint8_t *bytes, size_t size)
{
    if (size <= 160)
        hex(bytes, size);
    else
        printf("#%016llx", (unsigned long long)hash(bytes, size));
}

static void show_words(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i + 4 <= size; i += 4) {
        uint32_t word;
        memcpy(&word, bytes + i, 4);
        if (word)
            printf(" %zu:%08x", i, word);
    }
}

static void run_once(size_t index, enum kind kind, const char *name, const uint8_t *data, size_t size, bool with_ctx)
{
    static uint8_t out[70000], with_meta[70000];
    union {
        struct __sk_buff skb;
        struct xdp_md xdp;
        uint64_t args[12];
        uint8_t bytes[256];
    } ctx;
    struct run run = {.kind = kind, .data = data, .size = size, .out = out, .out_size = sizeof out};
    memset(&ctx, 0, sizeof ctx);
    memset(out, 0, sizeof out);
    switch (kind) {
    case KIND_XDP:
        if (!with_ctx)
            break;
        memset(with_meta, 0xa5, 16); /* 16 bytes of metadata come before the packet */
        memcpy(with_meta + 16, data, size);
        run.data = with_meta, run.size = size + 16;
        ctx.xdp.data = 16;
        ctx.xdp.data_end = (uint32_t)size + 16;
        ctx.xdp.ingress_ifindex = 1;
        run.ctx = ctx.bytes, run.ctx_size = sizeof ctx.xdp;
        break;
    case KIND_SKB:
        if (!with_ctx)
            break;
        ctx.skb.mark = 0x11;
        ctx.skb.priority = 0x22;
        ctx.skb.ingress_ifindex = 1;
        ctx.skb.ifindex = 1;
        for (unsigned i = 0; i < 5; i++)
            ctx.skb.cb[i] = 0x100 + i;
        ctx.skb.tstamp = 0x123456789abcdef;
        ctx.skb.gso_segs = 3;
        ctx.skb.gso_size = 100;
        run.ctx = ctx.bytes, run.ctx_size = sizeof ctx.skb;
        break;
    case KIND_RAW_TP:
        for (unsigned i = 0; i < 12; i++)
            ctx.args[i] = UINT64_C(0x1000000000) * (i + 1) + i;
        run.data = NULL, run.size = 0;
        run.ctx = ctx.bytes, run.ctx_size = sizeof ctx.args;
        break;
    case KIND_SYSCALL:
        for (unsigned i = 0; i < 64; i++)
            ctx.bytes[i] = (uint8_t)(i + 1);
        run.data = NULL, run.size = 0;
        run.ctx = ctx.bytes, run.ctx_size = 64;
        break;
    case KIND_NONE: return;
    }
    int error = side_run(index, &run);
    printf("  %s: ", name);
    if (error) {
        printf("error %d\n", error);
        return;
    }
    printf("%d", (int)run.result);
    if (run.data && (run.out_size != run.size || memcmp(out, run.data, run.size) != 0)) {
        printf(" data %zu ", run.out_size);
        hex_or_hash(out, run.out_size);
    }
    if (run.ctx && kind != KIND_RAW_TP) {
        printf(" ctx");
        show_words(run.ctx, run.ctx_size);
    }
    printf("\n");
}

static void run_program(size_t index, const struct program *program)
{
    const char *name = program->name;
    enum kind kind = kind_of(program->section);
    if (kind == KIND_NONE || take(&name, "target_"))
        return;
    printf("program %s (%s)\n", program->name, program->section);
    bool each = take(&name, "each_") || each_always, multi = take(&name, "multi_"), with_ctx = begins(name, "ctx_");
    if (kind == KIND_RAW_TP || kind == KIND_SYSCALL)
        each = multi = false;
    if (each) {
        for (size_t i = 0; i < captured_count; i++) {
            char label[24];
            snprintf(label, sizeof label, "#%zu", i);
            run_once(index, kind, label, captured[i].bytes, captured[i].size, with_ctx);
        }
        return;
    }
    for (size_t i = 0; i < (multi ? packet_count : 1); i++)
        run_once(index, kind, packets[i].name, packets[i].bytes, packets[i].size, with_ctx);
}

static bool is_zero(const uint8_t *bytes, size_t size) { return !size || (!*bytes && !memcmp(bytes, bytes + 1, size - 1)); }

static size_t sort_size;
static int by_bytes(const void *a, const void *b) { return memcmp(a, b, sort_size); }

static bool is_array(uint32_t type) { return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY; }

/* Per-cpu values: those that are not zero, in order; which cpu a run was on says nothing. */
static void show_value(const struct map *map, uint8_t *value)
{
    if (map->cpus <= 1) {
        printf(" ");
        hex(value, map->value_size);
        return;
    }
    sort_size = map->copy_size / map->cpus;
    qsort(value, map->cpus, sort_size, by_bytes);
    for (uint32_t i = 0; i < map->cpus; i++)
        if (!is_zero(value + i * sort_size, map->value_size)) {
            printf(" ");
            hex(value + i * sort_size, map->value_size);
        }
}

/* Long values of arrays, which are mostly globals and results: the words that are not zero. */
static void show_long(const struct map *map, const uint8_t *key, const uint8_t *value)
{
    for (size_t i = 0; i < map->value_size; i += 8) {
        size_t n = map->value_size - i < 8 ? map->value_size - i : 8;
        if (is_zero(value + i, n))
            continue;
        printf("  ");
        hex(key, map->key_size);
        printf("+%zu ", i);
        hex(value + i, n);
        printf("\n");
    }
}

/* Entries in the order of their keys; of arrays, those that are not zero. A row: key, value, whether there is one. */
static void show_entries(size_t index, const struct map *map, bool values)
{
    size_t row = map->key_size + map->copy_size + 1, count = 0, room = 64;
    uint8_t *rows = calloc(room, row);
    while (rows) {
        if (count == room && !(rows = realloc(rows, (room *= 2) * row)))
            break;
        uint8_t *at = rows + count * row;
        memset(at, 0, row);
        if (side_next_key(index, count ? at - row : NULL, at))
            break;
        count++;
    }
    if (!rows)
        exit(2);
    for (size_t i = 0; i < count; i++)
        rows[(i + 1) * row - 1] = !side_lookup(index, rows + i * row, rows + i * row + map->key_size);
    sort_size = row;
    qsort(rows, count, row, by_bytes);
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = rows + i * row, *value = at + map->key_size;
        if (!at[row - 1] || (is_array(map->type) && is_zero(value, map->copy_size)))
            continue;
        if (map->type == BPF_MAP_TYPE_ARRAY && map->value_size > 64) {
            show_long(map, at, value);
            continue;
        }
        printf("  ");
        hex(at, map->key_size);
        if (values)
            show_value(map, value);
        printf("\n");
    }
    free(rows);
}

static int show_record(void *user, const void *record, size_t size)
{
    (void)user;
    printf("  record %zu ", size);
    hex_or_hash(record, size);
    printf("\n");
    return 0;
}

static void show_map(size_t index, const struct map *map)
{
    /* libbpf lets global data be mapped where it finds types that say so, skep always: no matter for programs. */
    uint32_t flags = map->name[0] == '.' ? map->flags & ~(uint32_t)BPF_F_MMAPABLE : map->flags;
    printf("map %s type %u key %u value %u max %u flags %#x\n", map->name, map->type, map->key_size, map->value_size,
           map->max_entries, flags);
    if (list_only || begins(map->name, "vol_") || !strcmp(map->name, ".kconfig"))
        return;
    uint8_t *value;
    switch (map->type) {
    case BPF_MAP_TYPE_BLOOM_FILTER:
    case BPF_MAP_TYPE_XSKMAP:
    case BPF_MAP_TYPE_STACK_TRACE: return;
    case BPF_MAP_TYPE_RINGBUF:
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY: side_records(index, show_record, NULL); return;
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK:
        value = calloc(1, map->copy_size);
        while (side_pop(index, value) == 0) {
            printf("  ");
            hex(value, map->value_size);
            printf("\n");
        }
        free(value);
        return;
    /* Values are numbers of the system that the map lives in. */
    case BPF_MAP_TYPE_PROG_ARRAY:
    case BPF_MAP_TYPE_ARRAY_OF_MAPS:
    case BPF_MAP_TYPE_HASH_OF_MAPS: show_entries(index, map, false); return;
    default: show_entries(index, map, true);
    }
}

static void set_map(size_t index, const struct map *map)
{
    uint32_t key = 0, value[2] = {map->type == BPF_MAP_TYPE_CPUMAP ? 64 : 1, 0};
    if (begins(map->name, "set_") && side_update(index, &key, value))
        printf("map %s: cannot be set\n", map->name);
}

static size_t read_hex(const char *text, size_t length, uint8_t *bytes, size_t room)
{
    size_t n = 0;
    for (unsigned byte; n < room && 2 * n + 1 < length && sscanf(text + 2 * n, "%2x", &byte) == 1; n++)
        bytes[n] = (uint8_t)byte;
    return n;
}

/* --set NAME=KEY:VALUE, in hexadecimal; a value for each cpu. False: the object has no such map. */
static bool set_entry(const char *text)
{
    uint8_t key[64] = {0}, value[64] = {0};
    const char *equals = strchr(text, '='), *colon = equals ? strchr(equals, ':') : NULL;
    if (!colon)
        return false;
    read_hex(equals + 1, (size_t)(colon - equals - 1), key, sizeof key);
    size_t n = read_hex(colon + 1, strlen(colon + 1), value, sizeof value);
    for (size_t i = 0; i < side_maps(); i++) {
        struct map map = side_map(i);
        if (strlen(map.name) != (size_t)(equals - text) || strncmp(map.name, text, strlen(map.name)) != 0)
            continue;
        uint8_t *all = calloc(1, map.copy_size + sizeof value);
        for (uint32_t cpu = 0; all && cpu < map.cpus; cpu++)
            memcpy(all + cpu * (map.copy_size / map.cpus), value, n);
        if (!all || side_update(i, key, all))
            printf("map %s: cannot be set\n", map.name);
        free(all);
        return true;
    }
    return false;
}

struct named {
    const char *name;
    size_t index;
};
static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static void run_all(void)
{
    size_t programs = side_programs(), maps = side_maps(), most = programs > maps ? programs : maps;
    struct named *order = calloc(most + 1, sizeof *order);
    if (!order)
        exit(2);
    for (size_t i = 0; i < maps && !list_only; i++) {
        struct map map = side_map(i);
        set_map(i, &map);
    }
    for (size_t i = 0; i < programs; i++)
        order[i] = (struct named){side_program(i).name, i};
    qsort(order, programs, sizeof *order, by_name);
    for (size_t i = 0; i < programs; i++) {
        struct program program = side_program(order[i].index);
        if (list_only)
            printf("program %s (%s)\n", program.name, program.section);
        else
            run_program(order[i].index, &program);
    }
    side_settle();
    for (size_t i = 0; i < maps; i++)
        order[i] = (struct named){side_map(i).name, i};
    qsort(order, maps, sizeof *order, by_name);
    for (size_t i = 0; i < maps; i++) {
        struct map map = side_map(order[i].index);
        show_map(order[i].index, &map);
    }
    free(order);
}

int main(int argc, char **argv)
{
    int at = 1;
    for (; at < argc && !strncmp(argv[at], "--", 2); at++) {
        each_always |= !strcmp(argv[at], "--each");
        list_only |= !strcmp(argv[at], "--list");
        at += !strcmp(argv[at], "--set"); /* when the maps are there */
    }
    if (argc - at != 2) {
        fprintf(stderr, "usage: %s [--list] [--each] [--set MAP=KEY:VALUE]... CAPTURE.pcap OBJECT.o\n", argv[0]);
        return 2;
    }
    packets_init(argv[at]);
    side_open(argv[at + 1], !list_only);
    for (int i = 1; i < at && !list_only; i++)
        if (!strcmp(argv[i], "--set"))
            set_entry(argv[++i]);
    run_all();
    side_close();
    return 0;
}
