/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tail calls: the engine does the rest when the helper returns (sk_frame_tail). */
#include "helper/kernel.h"

#include "interp/lower.h"

/* The program there, which the run keeps until it ends; NULL: there is none. */
static const struct sk_counted *find(skep_run *run, struct skep_map *map, uint32_t index)
{
    const struct sk_counted *there = sk_prog_array_peek(map, index);
    for (uint32_t i = 0; there && i < run->tail_count; i++)
        if (run->tails[i] == there)
            return there;
    struct sk_counted *program = there ? sk_prog_array_get(map, index) : NULL;
    if (program)
        run->tails[run->tail_count++] = program; /* at most one for each tail call that was made */
    return program;
}

SK_BPF(tail_call)
{
    struct skep_map *map = sk_map_argument(run, 2, r2);
    const uint32_t index = (uint32_t)r3;
    if (!map)
        return 0;
    if (map->type != SKEP_MAP_PROG_ARRAY)
        return sk_bad_argument(run, 2, r2, "is not an array of programs");
    if (r1 != run->context)
        return sk_bad_argument(run, 1, r1, "is not the context");
    if (run->tail_calls >= SK_TAIL_CALLS_MOST)
        return sk_int(-SKEP_EPERM);
    const struct sk_counted *program = find(run, map, index);
    if (!program)
        return sk_int(-SKEP_ENOENT);
    const struct sk_run_env *env = ((const struct sk_tail_program *)(const void *)program)->env;
    run->tail_calls++;
    run->tail = env;
    run->attention |= SK_ATTENTION_TAIL;
    return 0;
}
