/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * skep's side. What the kernel's test runs take for granted is given to each run: 256 bytes in front of an XDP frame, the
 * loopback device as number 1, packets without their Ethernet header for programs that do not see it.
 * SKEP_ENGINE=jit in the environment: machine code does the work.
 */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare.h"
#include "skep/skep.h"

const char side_name[] = "skep";

enum { MOST = 512, HEADROOM = 256, FRAME = 4096 - 320, ETHERNET = 14, ROOM = 70000 };

static skep_object *object;
static struct {
    skep_program_info info;
    skep_vm *vm;
} programs[MOST];
static skep_object_map_info maps[MOST];
static size_t program_count, map_count;
static bool jit;

/* What programs print is not compared. */
static void forget(void *user, const char *text, size_t size) { (void)user, (void)text, (void)size; }

static const skep_task task = {.pid = 4711, .tgid = 4710, .uid = 1000, .gid = 1000, .comm = "compare"};
static skep_script script = {.size = sizeof script, .task = &task, .log = forget};

static void refuse(const char *path, const char *what, const skep_error *err)
{
    fprintf(stderr, "%s: %s: %s\n", path, what, err->message);
    exit(3);
}

static unsigned char *read_all(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = NULL;
    *size = 0;
    for (size_t room = 1 << 16, n = 1; file && n; *size += n) {
        if (!bytes || *size == room)
            bytes = realloc(bytes, room *= 2);
        if (!bytes)
            exit(2);
        n = fread(bytes + *size, 1, room - *size, file);
    }
    if (file)
        fclose(file);
    return bytes;
}

static uint32_t cpus_of(size_t map)
{
    skep_map_info info = {.size = sizeof info};
    skep_map_get_info(maps[map].map, &info);
    return info.cpus;
}

void side_open(const char *path, bool load)
{
    script.tai_offset = (uint64_t)time(NULL) * 1000000000; /* of all clocks, the one that counts from 1970 */
    skep_object_options options = {.size = sizeof options};
    skep_error err;
    size_t size;
    unsigned char *bytes = read_all(path, &size), *types = read_all("/sys/kernel/btf/vmlinux", &options.btf_size);
    options.btf = types;
    if (skep_object_open(bytes, size, &options, &object, &err) != SKEP_OK)
        refuse(path, "open", &err);
    free(bytes);
    free(types);
    if (load && skep_object_load(object, &err) != SKEP_OK)
        refuse(path, "load", &err);
    for (size_t i = 0; i < skep_object_program_count(object) && i < MOST; i++) {
        skep_program_info *info = &programs[program_count].info;
        info->size = sizeof *info;
        skep_code code = skep_object_program(object, i, info, &err);
        if (load && (!info->autoload || info->kind == SKEP_NO_DATA))
            continue;
        if (load && code != SKEP_OK)
            refuse(path, info->name, &err);
        program_count++;
    }
    for (size_t i = 0; i < skep_object_map_count(object) && i < MOST; i++) {
        maps[i].size = sizeof maps[i];
        if (skep_object_map(object, i, &maps[i], &err) != SKEP_OK)
            refuse(path, "map", &err);
        map_count++;
        if (load && maps[i].type == SKEP_MAP_PERF_EVENT_ARRAY)
            for (uint32_t cpu = 0; cpu < cpus_of(i); cpu++)
                skep_perf_open(maps[i].map, cpu, 1 << 15);
    }
    if (!load)
        return;
    const char *engine = getenv("SKEP_ENGINE");
    jit = engine && !strcmp(engine, "jit");
    for (size_t i = 0; i < program_count; i++) {
        skep_program_info *info = &programs[i].info;
        if (skep_object_vm(object, info->section, info->name, NULL, &programs[i].vm, &err) != SKEP_OK ||
            (jit && skep_vm_jit_compile(programs[i].vm, NULL, &err) != SKEP_OK))
            refuse(path, info->name, &err);
    }
}

size_t side_programs(void) { return program_count; }
struct program side_program(size_t index)
{
    return (struct program){programs[index].info.name, programs[index].info.section};
}

/* Of an skb, test runs give back these members only (net/bpf/test_run.c, convert_skb_to___skb). */
static void give_back(struct __sk_buff *to, const struct __sk_buff *from)
{
    memset(to, 0, sizeof *to);
    to->mark = from->mark;
    to->priority = from->priority;
    to->ingress_ifindex = from->ingress_ifindex;
    to->ifindex = from->ifindex;
    memcpy(to->cb, from->cb, sizeof to->cb);
    to->tstamp = from->tstamp;
    to->wire_len = from->wire_len;
    to->gso_segs = from->gso_segs;
    to->gso_size = from->gso_size;
    to->hwtstamp = from->hwtstamp;
}

static int finish(size_t index, const skep_exec_options *options, struct run *run)
{
    uint64_t result = 0;
    skep_error err;
    skep_code code = (jit ? skep_vm_exec_jit : skep_vm_exec)(programs[index].vm, options, &result, &err);
    run->result = (uint32_t)result;
    if (code != SKEP_OK)
        fprintf(stderr, "%s: %s\n", programs[index].info.name, err.message);
    return code == SKEP_OK ? 0 : -(int)code - 1000; /* no number of the kernel's */
}

/* The packet where it has room to grow, and the context; what comes back is where the packet ended up. */
static int run_packet(size_t index, struct run *run)
{
    static _Alignas(16) unsigned char area[HEADROOM + ROOM];
    const skep_kind kind = programs[index].info.kind;
    const bool xdp = kind == SKEP_XDP, whole = xdp || kind == SKEP_SCHED_CLS;
    const size_t front = whole ? 0 : ETHERNET;
    union {
        struct xdp_md xdp;
        struct __sk_buff skb;
    } ctx;
    void *packet = NULL;
    size_t packet_size = 0;
    memset(area, 0, sizeof area);
    memset(&ctx, 0, sizeof ctx);
    memcpy(area + HEADROOM, run->data, run->size);
    if (run->ctx)
        memcpy(&ctx, run->ctx, run->ctx_size);
    if (xdp) {
        ctx.xdp.ingress_ifindex = 1;
    } else {
        static const unsigned char nobody[6];
        ctx.skb.pkt_type = !memcmp(run->data, nobody, 6) ? 0 : run->data[0] & 1 ? 2 : 3; /* who loopback takes it to be for */
        if (!run->ctx)
            ctx.skb.ifindex = 1;
        else if (!ctx.skb.wire_len)
            ctx.skb.wire_len = (uint32_t)(run->size - front);
    }
    if (!whole)
        ctx.skb.protocol = (uint32_t)(run->data[12] | run->data[13] << 8);
    const size_t meta = xdp && run->ctx ? ctx.xdp.data : 0;
    skep_exec_options options = {.size = sizeof options,
                                 .mem = area + HEADROOM + front + meta,
                                 .mem_size = run->size - front - meta,
                                 .meta_size = meta,
                                 .mbuff = &ctx,
                                 .mbuff_size = xdp ? sizeof ctx.xdp : sizeof ctx.skb,
                                 .headroom = HEADROOM + front,
                                 .tailroom = xdp ? FRAME - HEADROOM - run->size : ROOM - run->size,
                                 .packet = &packet,
                                 .packet_size = &packet_size,
                                 .script = &script};
    int error = finish(index, &options, run);
    if (error)
        return error;
    if (xdp) { /* with its metadata in front */
        packet = (unsigned char *)packet - ctx.xdp.data;
        packet_size = ctx.xdp.data_end;
    }
    run->out_size = packet_size + front;
    memset(run->out, 0, front);
    memcpy(run->out + front, packet, packet_size);
    if (run->ctx && xdp)
        memcpy(run->ctx, &ctx, run->ctx_size);
    else if (run->ctx)
        give_back((struct __sk_buff *)(void *)run->ctx, &ctx.skb);
    return 0;
}

int side_run(size_t index, struct run *run)
{
    if (run->data)
        return run_packet(index, run);
    skep_exec_options options = {
        .size = sizeof options, .mbuff = run->ctx, .mbuff_size = run->ctx_size, .script = &script};
    return finish(index, &options, run);
}

void side_settle(void) {}

size_t side_maps(void) { return map_count; }
struct map side_map(size_t index)
{
    const skep_object_map_info *m = &maps[index];
    struct map result = {m->name, m->type, m->key_size, m->value_size, m->max_entries, m->flags, m->value_size, 1};
    if (!m->map)
        return result;
    skep_map_info info = {.size = sizeof info};
    skep_map_get_info(m->map, &info);
    result.copy_size = info.copy_size;
    if (m->type == SKEP_MAP_PERCPU_ARRAY || m->type == SKEP_MAP_PERCPU_HASH || m->type == SKEP_MAP_LRU_PERCPU_HASH)
        result.cpus = info.cpus;
    return result;
}

int side_next_key(size_t map, const void *key, void *next) { return skep_map_next_key(maps[map].map, key, next); }
int side_lookup(size_t map, const void *key, void *value) { return skep_map_lookup(maps[map].map, key, value, 0); }
int side_update(size_t map, const void *key, const void *value)
{
    return skep_map_update(maps[map].map, key, value, SKEP_ANY);
}
int side_pop(size_t map, void *value) { return skep_map_lookup_and_delete(maps[map].map, NULL, value, 0); }

int side_records(size_t map, record_fn visit, void *user)
{
    if (maps[map].type == SKEP_MAP_RINGBUF)
        return skep_ringbuf_consume(maps[map].map, visit, user);
    int count = 0;
    for (uint32_t cpu = 0; cpu < cpus_of(map); cpu++) {
        int n = skep_perf_consume(maps[map].map, cpu, visit, user, NULL);
        count += n > 0 ? n : 0;
    }
    return count;
}

void side_close(void)
{
    for (size_t i = 0; i < program_count; i++)
        skep_vm_free(programs[i].vm);
    skep_object_free(object);
}
