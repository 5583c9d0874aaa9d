/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs of the suite have in common. They run in the kernel and here; what they store and return must be the
 * same on both sides, so they keep no address, no time and no random number, only what is known about them.
 */
#ifndef SUITE_H
#define SUITE_H

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define u8 __u8
#define s8 __s8
#define s16 __s16
#define u16 __u16
#define u32 __u32
#define u64 __u64
#define s32 __s32
#define s64 __s64

char LICENSE[] SEC("license") = "GPL";

/* One number after the other, to be compared. The place is known when compiling. */
s64 out[192];
#define SAVE(value) (out[__COUNTER__] = (s64)(value))
/* For programs that run over many packets. */
#define ADD(value) (out[__COUNTER__] += (s64)(value))

#define MAP(name, map_type, key_type, value_type, entries, flags)                                                      \
    struct {                                                                                                           \
        __uint(type, BPF_MAP_TYPE_##map_type);                                                                         \
        __uint(max_entries, entries);                                                                                  \
        __uint(map_flags, flags);                                                                                      \
        __type(key, key_type);                                                                                         \
        __type(value, value_type);                                                                                     \
    } name SEC(".maps")

/* A map without keys, with keys of 4 bytes and values of no type, and without values. */
#define MAP_VALUES(name, map_type, value_type, entries)                                                                \
    struct {                                                                                                           \
        __uint(type, BPF_MAP_TYPE_##map_type);                                                                         \
        __uint(max_entries, entries);                                                                                  \
        __type(value, value_type);                                                                                     \
    } name SEC(".maps")
#define MAP_FDS(name, map_type, entries)                                                                               \
    struct {                                                                                                           \
        __uint(type, BPF_MAP_TYPE_##map_type);                                                                         \
        __uint(max_entries, entries);                                                                                  \
        __uint(key_size, 4);                                                                                           \
        __uint(value_size, 4);                                                                                         \
    } name SEC(".maps")
#define MAP_BYTES(name, map_type, bytes)                                                                               \
    struct {                                                                                                           \
        __uint(type, BPF_MAP_TYPE_##map_type);                                                                         \
        __uint(max_entries, bytes);                                                                                    \
    } name SEC(".maps")

#define lookup bpf_map_lookup_elem
#define update bpf_map_update_elem
#define delete bpf_map_delete_elem

/* The value that a map has for a key, or another. */
#define VALUE_OR(map, key, otherwise)                                                                                  \
    ({                                                                                                                 \
        s64 *value_ = (s64 *)lookup(map, key);                                                                         \
        value_ ? *value_ : (otherwise);                                                                                \
    })

/* Keeps clang from knowing a value. */
#define opaque(x)                                                                                                      \
    ({                                                                                                                 \
        __typeof__(x) x_ = (x);                                                                                        \
        asm volatile("" : "+r"(x_));                                                                                   \
        x_;                                                                                                            \
    })

#endif
