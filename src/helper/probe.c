/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory that a program asks for by a number that it found somewhere: what the run may read anyway, and what the script says
 * lies there. The host's memory is not among it.
 */
#include "helper/kernel.h"

/* Addresses of processes end here on x86-64; asked of the kernel's memory they are out of range (mm/maccess.c). */
#define USER_END (UINT64_C(1) << 47)

static int failure(uint64_t from, unsigned kinds)
{
    return kinds == SK_PROBE_KERNEL && from < USER_END ? -SKEP_ERANGE : -SKEP_EFAULT;
}

/* Where the byte at `from` is, and how many follow it there; NULL: nowhere. */
static const void *find(skep_run *run, uint64_t from, unsigned kinds, uint64_t *room)
{
    struct sk_region region;
    if (kinds & SK_PROBE_KERNEL && sk_run_find(run, from, 1, false, &region)) {
        *room = region.size - (from - region.low);
        return sk_ptr(from);
    }
    /* A context that is memory (registers, a record, arguments) may be read as such; an skb or xdp_md is not what it seems. */
    if (kinds & SK_PROBE_KERNEL && !run->slots && from - run->context < run->context_size) {
        *room = run->context_size - (from - run->context);
        return sk_ptr(from);
    }
    const skep_script *script = run->script;
    for (size_t i = 0; script && i < script->memory_count; i++) {
        const skep_memory *m = &script->memory[i];
        uint64_t offset = from - m->address;
        if (offset < m->size && kinds & (m->user ? SK_PROBE_USER : SK_PROBE_KERNEL)) {
            *room = m->size - offset;
            return (const uint8_t *)m->bytes + offset;
        }
    }
    return NULL;
}

/* Ranges may follow one another without a gap; then a read goes across. */
int sk_probe(skep_run *run, void *to, uint64_t size, uint64_t from, unsigned kinds)
{
    uint64_t done = 0, room = 0;
    if (size == 0 && kinds == SK_PROBE_KERNEL && from < USER_END && !find(run, from, kinds, &room))
        return -SKEP_ERANGE; /* the address is looked at first */
    while (done < size) {
        const void *there = find(run, from + done, kinds, &room);
        if (!there)
            return failure(from, kinds);
        if (room > size - done)
            room = size - done;
        memmove((uint8_t *)to + done, there, (size_t)room);
        done += room;
    }
    return 0;
}

int64_t sk_probe_string(skep_run *run, char *to, uint64_t size, uint64_t from, unsigned kinds)
{
    uint64_t done = 0, room = 0;
    while (done < size) {
        const char *there = find(run, from + done, kinds, &room);
        if (!there)
            return failure(from, kinds);
        for (uint64_t i = 0; i < room && done < size; i++, done++) {
            to[done] = there[i];
            if (!there[i])
                return (int64_t)done + 1;
        }
    }
    if (size)
        to[size - 1] = 0;
    return (int64_t)size;
}

static uint64_t read(skep_run *run, uint64_t to, uint64_t size, uint64_t from, unsigned kinds)
{
    const uint32_t bytes = (uint32_t)size;
    int failed = sk_probe(run, sk_ptr(to), bytes, from, kinds);
    if (failed && bytes)
        memset(sk_ptr(to), 0, bytes);
    return sk_int(failed);
}

static uint64_t read_string(skep_run *run, uint64_t to, uint64_t size, uint64_t from, unsigned kinds)
{
    const uint32_t bytes = (uint32_t)size;
    int64_t got = sk_probe_string(run, sk_ptr(to), bytes, from, kinds);
    if (got < 0 && bytes)
        memset(sk_ptr(to), 0, bytes);
    return sk_int(got);
}

SK_BPF(probe_read) { return read(run, r1, r2, r3, SK_PROBE_KERNEL | SK_PROBE_USER); }
SK_BPF(probe_read_user) { return read(run, r1, r2, r3, SK_PROBE_USER); }
SK_BPF(probe_read_kernel) { return read(run, r1, r2, r3, SK_PROBE_KERNEL); }
SK_BPF(copy_from_user) { return read(run, r1, r2, r3, SK_PROBE_USER); }

SK_BPF(copy_from_user_task)
{
    if (r5) /* no flags so far */
        return sk_int(-SKEP_EINVAL);
    return read(run, r1, r2, r3, SK_PROBE_USER);
}

SK_BPF(probe_read_str) { return read_string(run, r1, r2, r3, SK_PROBE_KERNEL | SK_PROBE_USER); }
SK_BPF(probe_read_user_str) { return read_string(run, r1, r2, r3, SK_PROBE_USER); }
SK_BPF(probe_read_kernel_str) { return read_string(run, r1, r2, r3, SK_PROBE_KERNEL); }

SK_BPF(probe_write_user)
{
    const skep_script *script = run->script;
    const uint32_t size = (uint32_t)r3;
    for (size_t i = 0; script && i < script->memory_count; i++) {
        const skep_memory *m = &script->memory[i];
        uint64_t offset = r1 - m->address;
        if (!m->user || !m->writable || offset >= m->size || size > m->size - offset)
            continue;
        memmove((uint8_t *)m->bytes + offset, sk_ptr(r2), size);
        return 0;
    }
    return sk_int(-SKEP_EFAULT);
}
