/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Any bytes as BTF, .BTF.ext and code: opened or refused, then everything is asked of them: names, sizes, lines, maps,
 * declarations, a value by each type, and the code is relocated to the types themselves, with and without looking for
 * candidates. Input: two sizes of 16 bits, low byte first; the types; the records; the code.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "btf/dump.h"
#include "btf/mapdef.h"
#include "object/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

/* Memory of its own for each part. */
static uint8_t *part(const uint8_t **data, size_t *size, size_t wanted, size_t *got)
{
    *got = wanted < *size ? wanted : *size;
    uint8_t *copy = malloc(*got ? *got : 1);
    if (!copy)
        abort();
    memcpy(copy, *data, *got);
    *data += *got;
    *size -= *got;
    return copy;
}

static bool visit(void *user, const struct sk_btf_event *event)
{
    sink += strlen(event->path) + event->value + (event->label ? strlen(event->label) : 0);
    for (uint32_t i = 0; i < event->size; i++)
        sink += event->bytes[i];
    return --*(unsigned *)user > 0;
}

static void ask_types(const struct sk_btf *btf)
{
    static const uint8_t zero[256];
    unsigned visits = 20000;
    struct sk_buf out;
    skep_error err;
    sk_buf_init(&out, &sk_default_hooks);
    for (uint32_t id = 0; id <= btf->count; id++) {
        struct sk_btf_type type = sk_btf_type(btf, id);
        struct sk_btf_member member;
        uint32_t bytes = 0;
        sink += sk_btf_find(btf, type.name, type.kind) + sk_btf_size(btf, id, &bytes) + bytes;
        if (id < 64)
            sink += sk_btf_find_member(btf, id, "a", &member);
        if (out.size < 1u << 18) {
            sk_btf_declare(btf, id, "name", &out);
            sk_btf_define(btf, id, &out);
        }
        if (visits > 1)
            (void)sk_btf_walk(btf, id, zero, sizeof zero, id % 2 ? SKEP_LITTLE_ENDIAN : SKEP_BIG_ENDIAN, visit,
                              &visits, &err);
    }
    sk_buf_free(&out);
    struct sk_btf_map *maps;
    uint32_t count;
    if (sk_btf_maps(btf, 4096, NULL, NULL, &maps, &count, &err) == SKEP_OK)
        for (uint32_t i = 0; i < count; i++)
            sink += strlen(maps[i].name) + maps[i].spec.key_size;
    else if (err.message[0] == 0)
        abort();
    sk_free(btf->hooks, maps);
}

static void ask_records(const struct sk_btf_ext *ext, uint8_t *code, size_t size)
{
    for (uint32_t i = 0; i < ext->block_count && i < 16; i++) {
        const char *section = ext->blocks[i].section;
        struct sk_btf_line line;
        struct sk_btf_func_info func;
        for (uint32_t offset = 0; offset < 64; offset += 8)
            if (sk_btf_find_line(ext, section, offset, &line))
                sink += strlen(line.file) + strlen(line.text) + sk_btf_find_func(ext, section, offset, &func);
        for (int itself = 0; itself < 2; itself++) {
            struct sk_core core;
            skep_error err;
            char text[64];
            uint32_t poisoned;
            if (sk_core_open(&core, ext->btf, ext, itself ? NULL : ext->btf, &err) != SKEP_OK)
                abort();
            core.work = 100000;
            if (sk_core_apply(&core, section, 0, code, (uint32_t)(size / 8), &poisoned, &err) != SKEP_OK &&
                err.message[0] == 0)
                abort();
            for (uint32_t slot = 0; slot < size / 8 && slot < 32; slot++)
                sink += sk_core_describe(&core, section, slot, text, sizeof text);
            sk_core_close(&core);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_btf btf;
    struct sk_btf_ext ext;
    skep_error err = {0};
    size_t sizes[3];
    uint8_t *parts[3];
    if (size < 4)
        return 0;
    size_t types = data[0] | (size_t)data[1] << 8, records = data[2] | (size_t)data[3] << 8;
    data += 4;
    size -= 4;
    parts[0] = part(&data, &size, types, &sizes[0]);
    parts[1] = part(&data, &size, records, &sizes[1]);
    parts[2] = part(&data, &size, size, &sizes[2]);
    if (sk_btf_open(&btf, &sk_default_hooks, parts[0], sizes[0], &err) == SKEP_OK) {
        ask_types(&btf);
        if (sk_btf_ext_open(&ext, &btf, parts[1], sizes[1], &err) == SKEP_OK) {
            ask_records(&ext, parts[2], sizes[2]);
            sk_btf_ext_close(&ext);
        } else if (err.message[0] == 0) {
            abort();
        }
        sk_btf_close(&btf);
    } else if (err.message[0] == 0) {
        abort();
    }
    for (int i = 0; i < 3; i++)
        free(parts[i]);
    return 0;
}
