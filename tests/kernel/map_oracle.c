/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "map_oracle.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static int call(int command, union bpf_attr *attr)
{
    const long result = syscall(SYS_bpf, command, attr, sizeof *attr);
    return result < 0 ? -errno : (int)result;
}

static uint64_t address(const void *p) { return (uint64_t)(uintptr_t)p; }

int oracle_create(const skep_map_options *options, int inner)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_type = options->type;
    attr.key_size = options->key_size;
    attr.value_size = options->value_size;
    attr.max_entries = options->max_entries;
    attr.map_flags = options->flags;
    attr.map_extra = options->extra;
    attr.inner_map_fd = (uint32_t)inner;
    if (options->name)
        strncpy(attr.map_name, options->name, sizeof attr.map_name - 1);
    return call(BPF_MAP_CREATE, &attr);
}

static int element(int command, int map, const void *key, const void *value, uint64_t flags)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_fd = (uint32_t)map;
    attr.key = address(key);
    attr.value = address(value);
    attr.flags = flags;
    return call(command, &attr);
}

int oracle_lookup(int map, const void *key, void *value, uint64_t flags)
{
    return element(BPF_MAP_LOOKUP_ELEM, map, key, value, flags);
}

int oracle_update(int map, const void *key, const void *value, uint64_t flags)
{
    return element(BPF_MAP_UPDATE_ELEM, map, key, value, flags);
}

int oracle_delete(int map, const void *key) { return element(BPF_MAP_DELETE_ELEM, map, key, NULL, 0); }

int oracle_take(int map, const void *key, void *value, uint64_t flags)
{
    return element(BPF_MAP_LOOKUP_AND_DELETE_ELEM, map, key, value, flags);
}

int oracle_next_key(int map, const void *key, void *next) { return element(BPF_MAP_GET_NEXT_KEY, map, key, next, 0); }

int oracle_freeze(int map)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_fd = (uint32_t)map;
    return call(BPF_MAP_FREEZE, &attr);
}

uint32_t oracle_id(int map)
{
    struct bpf_map_info info;
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    memset(&info, 0, sizeof info);
    attr.info.bpf_fd = (uint32_t)map;
    attr.info.info_len = sizeof info;
    attr.info.info = address(&info);
    return call(BPF_OBJ_GET_INFO_BY_FD, &attr) ? 0 : info.id;
}

void oracle_close(int map)
{
    if (map >= 0)
        close(map);
}

bool oracle_permitted(void)
{
    const skep_map_options o = {.type = SKEP_MAP_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    const int map = oracle_create(&o, 0);
    if (map < 0)
        print_message("skipped: bpf(2): %s\n", strerror(-map));
    oracle_close(map);
    return map >= 0;
}

int own_create(const skep_map_options *options, skep_map **map)
{
    skep_error err;
    memset(&err, 0, sizeof err);
    const skep_code code = skep_map_create(options, map, &err);
    if (code == SKEP_OK)
        return 0;
    if (err.detail >= 0)
        fail_msg("%s", err.message);
    return (int)err.detail;
}
