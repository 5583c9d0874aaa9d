/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The same steps for every type of map whose keys are u32 and whose values are s64: each answer is kept. */
#ifndef KEYED_H
#define KEYED_H

#include "suite.h"

/* Flags and their refusals on a map of four entries, from empty to full and back. */
#define KEYED_STEPS(map)                                                                                               \
    do {                                                                                                               \
        u32 k = 1, other = 2, last = 0xffffffff;                                                                       \
        s64 v = 0x1122334455667788;                                                                                    \
        SAVE(VALUE_OR(&map, &k, -1));                                                                                  \
        SAVE(delete (&map, &k));                                                                                       \
        SAVE(update(&map, &k, &v, BPF_EXIST));                                                                         \
        SAVE(update(&map, &k, &v, BPF_NOEXIST));                                                                       \
        SAVE(update(&map, &k, &v, BPF_NOEXIST));                                                                       \
        v = 7;                                                                                                         \
        SAVE(update(&map, &k, &v, BPF_ANY));                                                                           \
        SAVE(VALUE_OR(&map, &k, -1));                                                                                  \
        v = 8;                                                                                                         \
        SAVE(update(&map, &k, &v, BPF_EXIST));                                                                         \
        SAVE(VALUE_OR(&map, &k, -1));                                                                                  \
        SAVE(update(&map, &other, &v, BPF_EXIST));                                                                     \
        SAVE(update(&map, &k, &v, 3));                                                                                 \
        SAVE(update(&map, &k, &v, BPF_F_LOCK));                                                                        \
        SAVE(update(&map, &k, &v, 8));                                                                                 \
        SAVE(update(&map, &k, &v, 1ull << 32));                                                                        \
        SAVE(update(&map, &k, &v, 1ull << 63));                                                                        \
        SAVE(update(&map, &last, &v, BPF_ANY));                                                                        \
        SAVE(VALUE_OR(&map, &last, -1));                                                                               \
        SAVE(delete (&map, &last));                                                                                    \
        for (u32 i = 0; i < 4; i++) {                                                                                  \
            k = i, v = 100 + i;                                                                                        \
            ADD(update(&map, &k, &v, BPF_ANY));                                                                        \
        }                                                                                                              \
        k = 2;                                                                                                         \
        SAVE(delete (&map, &k));                                                                                       \
        SAVE(VALUE_OR(&map, &k, -1));                                                                                  \
        SAVE(delete (&map, &k));                                                                                       \
        k = 3;                                                                                                         \
        SAVE(VALUE_OR(&map, &k, -1));                                                                                  \
        s64 *in_place = lookup(&map, &k);                                                                              \
        if (in_place) {                                                                                                \
            *in_place += 5;                                                                                            \
            SAVE(__sync_fetch_and_add(in_place, 10));                                                                  \
        }                                                                                                              \
        SAVE(VALUE_OR(&map, &k, -1));                                                                                  \
    } while (0)

#endif
