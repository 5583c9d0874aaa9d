/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "helper/kernel.h"

#include "base/fmt.h"

/* The words of helper.def, and what is checked about each before the call. */
enum {
    SK_TAKES_NONE = SKEP_ARG_ANY,
    SK_TAKES_SCALAR = SKEP_ARG_SCALAR,
    SK_TAKES_ANYTHING = SKEP_ARG_ANY,
    SK_TAKES_MEM = SKEP_ARG_MEM,
    SK_TAKES_MEM_WRITE = SKEP_ARG_MEM_WRITE,
    SK_TAKES_SIZE = SKEP_ARG_SIZE,
    SK_TAKES_SIZE_OR_ZERO = SKEP_ARG_SIZE_OR_ZERO,
    SK_TAKES_STRING = SKEP_ARG_STRING,
    SK_TAKES_CONTEXT = SKEP_ARG_CONTEXT,
    SK_TAKES_MAP = SKEP_ARG_MAP,
    SK_TAKES_MAP_KEY = SKEP_ARG_MAP_KEY,
    SK_TAKES_MAP_VALUE = SKEP_ARG_MAP_VALUE,
    SK_TAKES_MAP_VALUE_WRITE = SKEP_ARG_MAP_VALUE_WRITE,
    SK_TAKES_INT_WRITE = SKEP_ARG_INT_WRITE,
    SK_TAKES_LONG_WRITE = SKEP_ARG_LONG_WRITE,
    SK_TAKES_FUNC = SKEP_ARG_FUNC,
    /* Handles and what is nobody's here: the helper's own matter. */
    SK_TAKES_LOCK = SKEP_ARG_ANY,
    SK_TAKES_TIMER = SKEP_ARG_ANY,
    SK_TAKES_RECORD = SKEP_ARG_ANY,
    SK_TAKES_DYNPTR = SKEP_ARG_ANY,
    SK_TAKES_OBJECT = SKEP_ARG_ANY
};

static uint64_t later(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, skep_run *run)
{
    (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
    skep_run_fail(run, -SKEP_ENOTSUPP, "it is not yet supported");
    return 0;
}

#define SK_CHECKED(a) (SK_TAKES_##a > SK_TAKES_SCALAR && SK_TAKES_##a != SK_TAKES_FUNC)
#define SK_HELPER(id_, name_, returns, a, b, c, d, e, meaning)                                                         \
    [id_] = {.id = id_,                                                                                                \
             .name = #name_,                                                                                           \
             .fn = sk_bpf_##name_,                                                                                     \
             .has_prototype = SK_CHECKED(a) || SK_CHECKED(b) || SK_CHECKED(c) || SK_CHECKED(d) || SK_CHECKED(e),       \
             .args = {SK_TAKES_##a, SK_TAKES_##b, SK_TAKES_##c, SK_TAKES_##d, SK_TAKES_##e}},
#define SK_LATER(id_, name_, ...) [id_] = {.id = id_, .name = #name_, .fn = later},
static const struct sk_helper helpers[] = {
#include "isa/helper.def"
};

const struct sk_helper *sk_kernel_helper(uint32_t id)
{
    return id < SK_COUNT(helpers) && helpers[id].fn ? &helpers[id] : NULL;
}

uint64_t sk_bad_argument(skep_run *run, unsigned arg, uint64_t value, const char *what)
{
    if (run->attention)
        return 0;
    sk_snfmt(run->message, sizeof run->message, "helper %u %s: argument %u, 0x%X, %s", run->helper->id, run->helper->name, arg,
             value, what);
    sk_run_fault(run, SKEP_ERR_ACCESS, value);
    run->attention |= SK_ATTENTION_FAILED;
    return 0;
}

uint64_t sk_wrong_map(skep_run *run)
{
    skep_run_fail(run, -SKEP_EINVAL, "maps of this type cannot do that");
    return 0;
}
