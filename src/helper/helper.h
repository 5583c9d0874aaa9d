/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The helpers of one VM, by id; built-ins register as a user's would. A table belongs to its VM; runs only read it.
 * Entries are in order of id, each allocated on its own, so that pointers to them survive further registrations.
 */
#ifndef SK_HELPER_H
#define SK_HELPER_H

#include "base/error.h"
#include "run/run.h"

struct sk_helper {
    skep_helper_fn fn;
    void *user;
    uint32_t id;
    bool has_prototype; /* some argument is to be checked */
    uint8_t args[5];    /* enum skep_arg */
    char name[32];
};

struct sk_helper_table {
    struct sk_helper **entries; /* [count], ascending by id */
    size_t count, room;
    /* Those that nobody registered: the kernel's, or NULL. */
    const struct sk_helper *(*builtin)(uint32_t id);
};

skep_code sk_helper_register(struct sk_helper_table *table, const skep_hooks *hooks, uint32_t id,
                             const skep_helper *helper, skep_error *err);
const struct sk_helper *sk_helper_find(const struct sk_helper_table *table, uint32_t id);
skep_code sk_helper_table_copy(struct sk_helper_table *to, const struct sk_helper_table *from, const skep_hooks *hooks,
                               skep_error *err);
void sk_helper_table_free(struct sk_helper_table *table, const skep_hooks *hooks);

/* Checks what the prototype declares against the run's regions. False: the run has its fault. */
bool sk_helper_check(skep_run *run, const struct sk_helper *helper, const uint64_t args[5]);

/* After a helper that set run->attention. False: the run has its fault, or something else that ends this program. */
bool sk_helper_attend(skep_run *run);

/*
 * Calls the helper with r1..r5 of the run, stores r0 and clears r1..r5. False: the run has its fault. `checked`:
 * whether prototypes are looked at.
 */
static inline bool sk_helper_call(skep_run *run, const struct sk_helper *helper, bool checked)
{
    uint64_t *r = run->regs;
    run->helper = helper;
    if (checked && helper->has_prototype && !sk_helper_check(run, helper, r + 1))
        return false;
    r[0] = helper->fn(r[1], r[2], r[3], r[4], r[5], run);
    memset(r + 1, 0, 5 * sizeof *r);
    return SK_LIKELY(!run->attention) || sk_helper_attend(run);
}

#endif
