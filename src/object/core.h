/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * CO-RE relocations: fitting the instructions of an object, compiled against its own ("local") types, to the types of
 * the kernel that it is for (the "target"). The rules are libbpf's:
 *
 * - Candidates are the target's types of the same kind whose names are the same without flavours (x___old is an x).
 *   A candidate matches when every named member on the way is in it, also in anonymous structs, with a compatible
 *   type, and every array index is in bounds.
 * - All candidates that match must agree on the outcome, or it is an error. For each local type, those that matched once
 *   stay the only ones.
 * - Questions of existence are answered with 0 when nothing matches. An instruction that needs what is not there is
 *   "poisoned": replaced by a call of helper SK_CORE_POISON (0xbad2310), which does not exist. It is an error only where
 *   it is reached, as for any unknown helper; sk_core_describe says what it had asked for.
 * - A load or store of an unsigned integer or a pointer gets the target's width; other widths that differ poison it.
 *
 * Without a target (NULL) every local type is its own only candidate: offsets stay as compiled, all questions of
 * existence are answered with yes.
 *
 * One difference: enumerators of 32 bits. libbpf sign-extends all of them and refuses what a compiler has for unsigned
 * ones from 2^31 on; here they keep the extension that the instruction had.
 */
#ifndef SK_CORE_H
#define SK_CORE_H

#include "base/buf.h"
#include "btf/ext.h"

/* enum bpf_core_relo_kind. */
enum sk_core_kind {
    SK_CORE_FIELD_BYTE_OFFSET,
    SK_CORE_FIELD_BYTE_SIZE,
    SK_CORE_FIELD_EXISTS,
    SK_CORE_FIELD_SIGNED,
    SK_CORE_FIELD_LSHIFT_U64,
    SK_CORE_FIELD_RSHIFT_U64,
    SK_CORE_TYPE_ID_LOCAL,
    SK_CORE_TYPE_ID_TARGET,
    SK_CORE_TYPE_EXISTS,
    SK_CORE_TYPE_SIZE,
    SK_CORE_ENUMVAL_EXISTS,
    SK_CORE_ENUMVAL_VALUE,
    SK_CORE_TYPE_MATCHES,
    SK_CORE_KIND_COUNT
};

#define SK_CORE_POISON 195896080

/* Our own limit: types, members and names that one sk_core looks at. A real object needs some thousands. */
#define SK_CORE_MAX_WORK (1u << 26)

/* One thread at a time; it remembers candidates. */
struct sk_core {
    const struct sk_btf *local, *target;
    const struct sk_btf_ext *ext;
    bool itself;              /* no target was given */
    uint32_t work;            /* that is left */
    uint32_t *places;         /* by local type: where its candidates are in `lists`, plus one; 0: not looked for */
    struct sk_buf lists;      /* of uint32_t: a count, then so many ids */
};

/* The views must outlive it; `ext` NULL: there are no relocations. Errors: SKEP_ERR_MEMORY. */
skep_code sk_core_open(struct sk_core *core, const struct sk_btf *local, const struct sk_btf_ext *ext,
                       const struct sk_btf *target, skep_error *err);
void sk_core_close(struct sk_core *core);

/*
 * Relocates `slots` instructions at `code`, in place and in the local types' byte order, that come from slot `first` of
 * the section. *poisoned (may be NULL) is how many were poisoned. Errors are those at which libbpf gives up on the
 * object, and name the member; pc is the slot counted from `code`: SKEP_ERR_OBJECT, SKEP_ERR_UNSUPPORTED (ambiguous, or
 * a relocation that is not known), SKEP_ERR_MEMORY. Afterwards the code is partly relocated.
 */
skep_code sk_core_apply(struct sk_core *core, const char *section, uint32_t first, uint8_t *code, uint32_t slots,
                        uint32_t *poisoned, skep_error *err);

/*
 * What the relocation of an instruction asks for, such as "byte offset of struct sock.__sk_common.skc_num"; terminated,
 * cut when `size` is too small. False: it has none.
 */
bool sk_core_describe(const struct sk_core *core, const char *section, uint32_t slot, char *text, size_t size);

/* ------------------------------------------------------------------------------------- between our files */

/* libbpf's BPF_CORE_SPEC_MAX_LEN: indices in an access string. */
#define SK_CORE_MAX_ACCESS 64

struct sk_core_step {
    uint32_t type;    /* struct that has the member, or the element's type */
    uint32_t index;
    const char *name; /* of the member or enumerator; NULL: an index of an array or of the pointer */
};

/* An access: where it begins, the named members and the indices on the way, and where it ends. */
struct sk_core_spec {
    const struct sk_btf *btf;
    uint32_t root;
    uint32_t kind; /* enum sk_core_kind */
    uint32_t depth; /* indices so far, also of anonymous members */
    uint32_t count;
    struct sk_core_step steps[SK_CORE_MAX_ACCESS];
    uint64_t bit_offset;
};

/* Outcome of a comparison. FAILED: the work is too much, or types are nested too deep. */
enum sk_core_match { SK_CORE_FAILED = -1, SK_CORE_DIFFERENT, SK_CORE_SAME };

static inline bool sk_core_is_field(uint32_t kind) { return kind <= SK_CORE_FIELD_RSHIFT_U64; }
static inline bool sk_core_is_enumerator(uint32_t kind)
{
    return kind == SK_CORE_ENUMVAL_EXISTS || kind == SK_CORE_ENUMVAL_VALUE;
}

/* Takes `steps` from the work that is left; false: there is not so much. */
static inline bool sk_core_spend(struct sk_core *core, size_t steps)
{
    if (steps > core->work) {
        core->work = 0;
        return false;
    }
    core->work -= (uint32_t)steps;
    return true;
}

/* core_spec.c. Returns NULL, or what is wrong with the access string. */
const char *sk_core_parse(const struct sk_btf *btf, const struct sk_btf_core_relo *relo, struct sk_core_spec *spec);
enum sk_core_match sk_core_find(struct sk_core *core, const struct sk_core_spec *local, uint32_t candidate,
                                struct sk_core_spec *found);
size_t sk_core_text(const struct sk_core_spec *spec, char *text, size_t size);

/* core_types.c. Names of types and their kinds, without flavours. */
bool sk_core_same_kind(unsigned a, unsigned b);
bool sk_core_same_name(struct sk_core *core, const char *local, const char *target);
enum sk_core_match sk_core_compatible(struct sk_core *core, uint32_t local, uint32_t target);
enum sk_core_match sk_core_matches(struct sk_core *core, uint32_t local, uint32_t target);

#endif
