/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's helpers: those of linux/bpf.h's list, by its ids, with what its verifier knows of their arguments. They come
 * from isa/helper.def; each family has a file. Every one may be replaced by the caller: skep_vm_register goes before them.
 *
 * What holds in all of them: pointer arguments have been checked as helper.def says, unless the program is trusted; what is
 * a handle (maps, records, locks, timers, dynptrs) is looked up by the helper and never followed. Errors that the kernel
 * returns are returned; what its verifier would have refused ends the run.
 */
#ifndef SK_KERNEL_H
#define SK_KERNEL_H

#include "helper/helper.h"

#define SK_BPF(name)                                                                                                   \
    uint64_t sk_bpf_##name(SK_UNUSED uint64_t r1, SK_UNUSED uint64_t r2, SK_UNUSED uint64_t r3, SK_UNUSED uint64_t r4, \
                           SK_UNUSED uint64_t r5, SK_UNUSED skep_run *run)

#define SK_HELPER(id, name, ...) SK_BPF(name);
#define SK_LATER(id, name, ...)
#include "isa/helper.def"
#undef SK_HELPER
#undef SK_LATER

/* NULL: there is none of that id here. */
const struct sk_helper *sk_kernel_helper(uint32_t id);

/* A negative number of Linux's, or a count, as r0. */
static inline uint64_t sk_int(int64_t n) { return (uint64_t)n; }

/* What the verifier would have refused about argument `arg` (from 1): the run ends with SKEP_ERR_ACCESS. Returns 0. */
SK_COLD uint64_t sk_bad_argument(skep_run *run, unsigned arg, uint64_t value, const char *what);
/* The map of argument `arg`; NULL: it is none, and the run ends. */
static inline struct skep_map *sk_map_argument(skep_run *run, unsigned arg, uint64_t handle)
{
    struct skep_map *map = sk_run_map(run, handle);
    if (SK_UNLIKELY(!map))
        sk_bad_argument(run, arg, handle, "is not a map");
    return map;
}
/* A helper that maps of this type have no use for; ends the run. Returns 0. */
SK_COLD uint64_t sk_wrong_map(skep_run *run);

/* lock.c: whether the run has a value's lock, and may not ask for another. */
bool sk_holds_lock(skep_run *run);

/* world.c: nanoseconds; and whether there is a clock at all (else the run has failed). */
bool sk_world_time(skep_run *run, uint64_t *ns);
/* A line of the program's. */
void sk_world_log(skep_run *run, const char *text, size_t size);

/*
 * probe.c: memory that programs may ask for without holding a pointer to it. `kinds`: SK_PROBE_KERNEL (the run's own, too),
 * SK_PROBE_USER. 0, or -SKEP_EFAULT or -SKEP_ERANGE with nothing copied.
 */
enum { SK_PROBE_KERNEL = 1, SK_PROBE_USER = 2 };
int sk_probe(skep_run *run, void *to, uint64_t size, uint64_t from, unsigned kinds);
/* Up to and with the zero byte, which the last one of `size` becomes if need be. Bytes copied, or as above. */
int64_t sk_probe_string(skep_run *run, char *to, uint64_t size, uint64_t from, unsigned kinds);

#endif
