/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Maps of every shape that .maps knows. tests/unit/test_btf_maps.c and tests/libbpf/test_maps.c read them. */
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, type) typeof(type) *name
#define __array(name, type) typeof(type) *name[]

typedef unsigned int u32;
typedef unsigned long long u64;

struct key {
    u32 address;
    unsigned short port, family;
};

struct value {
    u64 packets, bytes;
    char name[16];
};

struct {
    __uint(type, 1);
    __uint(max_entries, 1000);
    __type(key, struct key);
    __type(value, struct value);
    __uint(map_flags, 1);
    __uint(pinning, 1);
} flows SEC(".maps");

struct {
    __uint(type, 2);
    __uint(key_size, 4);
    __uint(value_size, sizeof(struct value));
    __uint(max_entries, 4);
    __uint(map_flags, 4);
    __uint(numa_node, 0);
} sizes SEC(".maps");

struct {
    __uint(type, 30);
    __uint(max_entries, 64);
    __type(value, u64);
    __uint(map_extra, 5);
} bloom SEC(".maps");

struct inner {
    __uint(type, 1);
    __uint(max_entries, 7);
    __type(key, u32);
    __type(value, u64);
} first SEC(".maps"), second SEC(".maps");

struct {
    __uint(type, 12);
    __uint(max_entries, 3);
    __type(key, u32);
    __array(values, struct inner);
} outer SEC(".maps") = {.values = {[0] = &first, [2] = &second}};

int one(void *context);
int two(void *context);

struct {
    __uint(type, 3);
    __uint(max_entries, 4);
    __uint(key_size, 4);
    __array(values, int(void *));
} jumps SEC(".maps") = {.values = {[1] = one, [3] = two}};

struct {
    __uint(type, 27);
    __uint(max_entries, 4096);
} ring SEC(".maps");

SEC("socket") int one(void *context)
{
    return context != 0;
}

SEC("socket") int two(void *context)
{
    return context == 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
