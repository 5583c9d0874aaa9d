/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ring buffers, records of perf events, and dynptrs.
 *
 * A record that was reserved is held by the run: reachable until it is submitted or discarded, which the end of the run does
 * with those that are left. Naming one means naming its address.
 *
 * A dynptr is 16 bytes of the program's, which could have written anything there: a kind, a size and an address, believed
 * only as far as the run's own memory goes. One for a record counts while the run holds that record.
 */
#include "map/ringbuf.h"

#include "helper/kernel.h"

static void drop_record(skep_run *run, struct sk_held *held)
{
    (void)run;
    sk_ringbuf_commit(sk_ptr(held->low), true);
}

static void *reserve(skep_run *run, struct skep_map *map, uint64_t size)
{
    struct sk_held *held = sk_run_hold(run, SK_HELD_MEMORY);
    if (!held) {
        skep_run_fail(run, -SKEP_ENOSPC, "the run holds too many maps and records");
        return NULL;
    }
    void *record = sk_ringbuf_reserve(map, size);
    if (!record) {
        sk_run_unhold(run, held);
        return NULL;
    }
    held->access = SKEP_READ | SKEP_WRITE;
    held->low = sk_addr(record);
    held->size = size;
    held->map = map;
    held->drop = drop_record;
    return record;
}

/* What was reserved there, or NULL. */
static struct sk_held *record_at(skep_run *run, uint64_t address)
{
    for (uint32_t i = 0; i < run->held_count; i++)
        if (run->held[i].kind == SK_HELD_MEMORY && run->held[i].drop == drop_record && run->held[i].low == address)
            return &run->held[i];
    return NULL;
}

static void commit(skep_run *run, struct sk_held *held, bool discard)
{
    sk_ringbuf_commit(sk_ptr(held->low), discard);
    sk_run_unhold(run, held);
}

static struct skep_map *ring(skep_run *run, uint64_t handle)
{
    struct skep_map *map = sk_map_argument(run, 1, handle);
    if (map && map->type != SKEP_MAP_RINGBUF) {
        sk_wrong_map(run);
        return NULL;
    }
    return map;
}

SK_BPF(ringbuf_output)
{
    struct skep_map *map = ring(run, r1);
    return map ? sk_int(sk_ringbuf_output(map, sk_ptr(r2), r3, r4)) : 0;
}

SK_BPF(ringbuf_reserve)
{
    struct skep_map *map = ring(run, r1);
    return map && !r3 ? sk_addr(reserve(run, map, r2)) : 0;
}

static uint64_t end_record(skep_run *run, uint64_t address, bool discard)
{
    struct sk_held *held = record_at(run, address);
    if (!held)
        return sk_bad_argument(run, 1, address, "is not a record that was reserved");
    commit(run, held, discard);
    return 0;
}

SK_BPF(ringbuf_submit) { return end_record(run, r1, false); }
SK_BPF(ringbuf_discard) { return end_record(run, r1, true); }

SK_BPF(ringbuf_query)
{
    struct skep_map *map = ring(run, r1);
    return map ? sk_ringbuf_query(map, r2) : 0;
}

/* ------------------------------------------------------------------------------------------- dynptrs */

#define DYNPTR_BYTES 16u
#define DYNPTR_MOST 0xffffffu /* DYNPTR_MAX_SIZE */

enum dynptr_kind { NOTHING, LOCAL, RECORD };
#define KIND_SHIFT 56
#define KIND_MARK UINT64_C(0x00dead00) /* few numbers are dynptrs by accident */

struct dynptr {
    enum dynptr_kind kind;
    uint64_t low;
    uint64_t size;
};

/* The 16 bytes of argument `arg`; NULL: the program may not write there, and the run ends. */
static void *place(skep_run *run, unsigned arg, uint64_t address)
{
    struct sk_region region;
    if (sk_run_find(run, address, DYNPTR_BYTES, true, &region))
        return sk_ptr(address);
    sk_bad_argument(run, arg, address, "does not lead to 16 bytes for a dynptr");
    return NULL;
}

static void set(void *at, enum dynptr_kind kind, uint64_t low, uint64_t size)
{
    sk_store64(at, low);
    sk_store64((uint8_t *)at + 8, kind ? (uint64_t)kind << KIND_SHIFT | KIND_MARK << 24 | size : 0);
}

/* False: the run ends. */
static bool get(skep_run *run, unsigned arg, uint64_t address, struct dynptr *d)
{
    const uint8_t *at = place(run, arg, address);
    if (!at)
        return false;
    const uint64_t word = sk_load64(at + 8);
    d->low = sk_load64(at);
    d->kind = (enum dynptr_kind)(word >> KIND_SHIFT & 3);
    d->size = word & DYNPTR_MOST;
    if (!word && !d->low)
        return true;
    bool good = word == ((uint64_t)d->kind << KIND_SHIFT | KIND_MARK << 24 | d->size);
    if (good && d->kind == RECORD) {
        const struct sk_held *held = record_at(run, d->low);
        good = held && held->size == d->size;
    } else if (d->kind != LOCAL) {
        good = false;
    }
    if (!good)
        sk_bad_argument(run, arg, address, "does not lead to a dynptr");
    return good;
}

static bool outside(const struct dynptr *d, uint64_t offset, uint64_t size)
{
    return size > d->size || offset > d->size - size;
}

/* Memory of a dynptr as long as it is the program's; NULL: the run ends. */
static void *memory(skep_run *run, unsigned arg, const struct dynptr *d, uint64_t offset, uint64_t size, bool write)
{
    struct sk_region region;
    if (size == 0 || d->kind == RECORD || sk_run_find(run, d->low + offset, size, write, &region))
        return sk_ptr(d->low + offset);
    sk_bad_argument(run, arg, d->low + offset, "is a dynptr's memory that the program may not reach any more");
    return NULL;
}

SK_BPF(dynptr_from_mem)
{
    const uint32_t size = (uint32_t)r2;
    void *at = place(run, 4, r4);
    if (!at)
        return 0;
    const int failed = size > DYNPTR_MOST ? -SKEP_E2BIG : r3 ? -SKEP_EINVAL : 0;
    set(at, failed ? NOTHING : LOCAL, failed ? 0 : r1, size);
    return sk_int(failed);
}

SK_BPF(ringbuf_reserve_dynptr)
{
    const uint32_t size = (uint32_t)r2;
    struct skep_map *map = ring(run, r1);
    void *at = map ? place(run, 4, r4) : NULL;
    if (!at)
        return 0;
    set(at, NOTHING, 0, 0);
    if (r3)
        return sk_int(-SKEP_EINVAL);
    if (size > DYNPTR_MOST)
        return sk_int(-SKEP_E2BIG);
    void *record = reserve(run, map, size);
    if (!record)
        return sk_int(-SKEP_EINVAL);
    set(at, RECORD, sk_addr(record), size);
    return 0;
}

static uint64_t end_dynptr(skep_run *run, uint64_t address, bool discard)
{
    struct dynptr d;
    if (!get(run, 1, address, &d) || d.kind == NOTHING)
        return 0;
    if (d.kind != RECORD)
        return sk_bad_argument(run, 1, address, "is not a dynptr of a ring buffer");
    commit(run, record_at(run, d.low), discard);
    set(sk_ptr(address), NOTHING, 0, 0);
    return 0;
}

SK_BPF(ringbuf_submit_dynptr) { return end_dynptr(run, r1, false); }
SK_BPF(ringbuf_discard_dynptr) { return end_dynptr(run, r1, true); }

SK_BPF(dynptr_read)
{
    const uint32_t size = (uint32_t)r2, offset = (uint32_t)r4;
    struct dynptr d;
    if (!get(run, 3, r3, &d))
        return 0;
    if (d.kind == NOTHING || r5)
        return sk_int(-SKEP_EINVAL);
    if (outside(&d, offset, size))
        return sk_int(-SKEP_E2BIG);
    const void *from = memory(run, 3, &d, offset, size, false);
    if (from && size)
        memmove(sk_ptr(r1), from, size);
    return 0;
}

SK_BPF(dynptr_write)
{
    const uint32_t offset = (uint32_t)r2, size = (uint32_t)r4;
    struct dynptr d;
    if (!get(run, 1, r1, &d))
        return 0;
    if (d.kind == NOTHING)
        return sk_int(-SKEP_EINVAL);
    if (outside(&d, offset, size))
        return sk_int(-SKEP_E2BIG);
    if (r5)
        return sk_int(-SKEP_EINVAL);
    void *to = memory(run, 1, &d, offset, size, true);
    if (to && size)
        memmove(to, sk_ptr(r3), size);
    return 0;
}

SK_BPF(dynptr_data)
{
    const uint32_t offset = (uint32_t)r2, size = (uint32_t)r3;
    struct dynptr d;
    if (!get(run, 1, r1, &d) || d.kind == NOTHING || outside(&d, offset, size))
        return 0;
    return sk_addr(memory(run, 1, &d, offset, size, true));
}
