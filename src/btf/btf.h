/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A view of the types of a BTF blob, in either byte order: an object's .BTF section, /sys/kernel/btf/vmlinux, a file
 * (Documentation/bpf/btf.rst; kinds 0 to 19).
 *
 * The view borrows the bytes, which must stay as they are until it is closed; it owns an index of them. Once sk_btf_open
 * has accepted them:
 * - every string is terminated within the string table, every type id that a type refers to exists and is of a kind
 *   that may stand there;
 * - no type contains itself, and types are nested at most SK_BTF_MAX_NESTING deep, counting modifiers; no chain of
 *   pointers, arrays and modifiers is longer, so that following one always ends;
 * - accessors take any id: beyond the end it is void.
 * What is not promised: members may lie beyond their struct's end or overlap, sizes may be any number. Who reads a
 * value by its type compares with the size of the value. A view never changes; threads may share it.
 *
 * Addresses of variables are not here: compilers leave the offsets in data sections to be filled in from the symbols.
 */
#ifndef SK_BTF_H
#define SK_BTF_H

#include "base/error.h"
#include "base/mem.h"

enum sk_btf_kind {
    SK_BTF_VOID,
    SK_BTF_INT,
    SK_BTF_PTR,
    SK_BTF_ARRAY,
    SK_BTF_STRUCT,
    SK_BTF_UNION,
    SK_BTF_ENUM,
    SK_BTF_FWD,
    SK_BTF_TYPEDEF,
    SK_BTF_VOLATILE,
    SK_BTF_CONST,
    SK_BTF_RESTRICT,
    SK_BTF_FUNC,
    SK_BTF_FUNC_PROTO,
    SK_BTF_VAR,
    SK_BTF_DATASEC,
    SK_BTF_FLOAT,
    SK_BTF_DECL_TAG,
    SK_BTF_TYPE_TAG,
    SK_BTF_ENUM64,
    SK_BTF_KIND_COUNT
};

/*
 * The kernel gives up at 32 (MAX_RESOLVE_DEPTH), but counts only what it has not seen before; a kernel's own BTF, which
 * it does not check that way, reaches 33.
 */
#define SK_BTF_MAX_NESTING 64

/* Longer names are kept, but not found: the kernel refuses names of 512 bytes (KSYM_NAME_LEN). */
#define SK_BTF_MAX_NAME 1024

enum { SK_BTF_SIGNED = 1, SK_BTF_CHAR = 2, SK_BTF_BOOL = 4 }; /* encodings of integers */
enum { SK_BTF_STATIC, SK_BTF_GLOBAL, SK_BTF_EXTERN };         /* linkage of functions and variables */

struct sk_btf {
    const skep_hooks *hooks;
    const uint8_t *types;
    const char *strings;
    uint32_t types_size, strings_size;
    skep_byte_order order;
    bool swapped;         /* it is not the host's order */
    uint8_t pointer_size; /* 8, or 4 where an integer named long says so */
    uint32_t count;       /* ids are below it; id 0 is void */
    uint32_t *offsets;    /* of the types by id; offsets[0] is not one */
    uint32_t *buckets;    /* by hash of the essential name: the first id; 0: none */
    uint32_t *next;       /* the next id of the bucket, in rising order */
    uint32_t mask;        /* buckets - 1 */
    uint32_t longest;     /* types in the fullest bucket: what a search may cost */
};

struct sk_btf_type {
    uint32_t id;
    uint8_t kind;   /* enum sk_btf_kind */
    bool flag;      /* kind_flag: bit-fields (struct), signed (enum), a union (forward) */
    uint16_t count; /* members, enumerators, parameters, variables; linkage of a FUNC */
    uint32_t size;  /* bytes, of kinds that say so; others 0 */
    uint32_t ref;   /* the type that it refers to: target, element, result, prototype; others 0 */
    const char *name; /* "" when it has none */
    const uint8_t *extra;
};

struct sk_btf_member {
    const char *name;
    uint32_t type;
    uint32_t bit_offset;
    uint32_t bit_size; /* 0: not a bit-field */
};

struct sk_btf_integer {
    uint8_t encoding; /* SK_BTF_SIGNED | ... */
    uint8_t offset;   /* bits; compilers of today leave it zero */
    uint8_t bits;
};

struct sk_btf_array {
    uint32_t element, index, count;
};

struct sk_btf_enumerator {
    const char *name;
    uint64_t value; /* sign-extended when the enum is signed */
};

struct sk_btf_param {
    const char *name;
    uint32_t type; /* 0 in the last place: variable arguments */
};

struct sk_btf_variable {
    uint32_t type; /* a VAR, or a FUNC in .ksyms */
    uint32_t offset, size;
};

/* `hooks` must outlive the view. On failure nothing needs to be closed. Errors: SKEP_ERR_OBJECT, SKEP_ERR_MEMORY. */
skep_code sk_btf_open(struct sk_btf *btf, const skep_hooks *hooks, const void *bytes, size_t size, skep_error *err);
void sk_btf_close(struct sk_btf *btf);

struct sk_btf_type sk_btf_type(const struct sk_btf *btf, uint32_t id);
/* The string at an offset; NULL: there is none. */
const char *sk_btf_string(const struct sk_btf *btf, uint32_t offset);

/* Parts of a type of the right kind; `index` must be below type->count. */
struct sk_btf_member sk_btf_member(const struct sk_btf *btf, const struct sk_btf_type *type, uint32_t index);
struct sk_btf_enumerator sk_btf_enumerator(const struct sk_btf *btf, const struct sk_btf_type *type, uint32_t index);
struct sk_btf_param sk_btf_param(const struct sk_btf *btf, const struct sk_btf_type *type, uint32_t index);
struct sk_btf_variable sk_btf_variable(const struct sk_btf *btf, const struct sk_btf_type *type, uint32_t index);
struct sk_btf_array sk_btf_array(const struct sk_btf *btf, const struct sk_btf_type *type);
struct sk_btf_integer sk_btf_integer(const struct sk_btf *btf, const struct sk_btf_type *type);
uint32_t sk_btf_linkage(const struct sk_btf *btf, const struct sk_btf_type *type);      /* FUNC or VAR */
int32_t sk_btf_tag_component(const struct sk_btf *btf, const struct sk_btf_type *type); /* DECL_TAG; -1: the whole */

/* Without typedefs and modifiers (const, volatile, restrict, type tags). */
uint32_t sk_btf_skip(const struct sk_btf *btf, uint32_t id);
struct sk_btf_type sk_btf_resolve(const struct sk_btf *btf, uint32_t id); /* sk_btf_type of that */
/* Bytes that a value of the type takes. False: it has no size (void, functions, forward), or 2^32 bytes or more. */
bool sk_btf_size(const struct sk_btf *btf, uint32_t id, uint32_t *size);

/* The first type of that name and kind; 0: there is none. Kind SK_BTF_VOID: any. */
uint32_t sk_btf_find(const struct sk_btf *btf, const char *name, enum sk_btf_kind kind);
/* The next type of that kind behind `after` (0: the first); 0: there is none. */
uint32_t sk_btf_next_of_kind(const struct sk_btf *btf, enum sk_btf_kind kind, uint32_t after);
/* The member of a struct or union, also inside of anonymous ones, whose offsets are added. */
bool sk_btf_find_member(const struct sk_btf *btf, uint32_t id, const char *name, struct sk_btf_member *member);

/*
 * Names without their flavour: what stands before the last three underscores that have something else on either side
 * ("task_struct___old" is task_struct). The length of that part.
 */
size_t sk_btf_essential(const char *name);
/* The next type behind `after` (0: the first) with that essential name; 0: there is none. */
uint32_t sk_btf_next_flavour(const struct sk_btf *btf, const char *name, size_t length, uint32_t after);

const char *sk_btf_kind_name(unsigned kind);

/* What the other files of this folder read numbers with. */
static inline uint32_t sk_btf_get32(const struct sk_btf *btf, const uint8_t *p)
{
    uint32_t v = sk_load32(p);
    return btf->swapped ? sk_swap32(v) : v;
}

static inline bool sk_btf_is_modifier(unsigned kind)
{
    return kind == SK_BTF_CONST || kind == SK_BTF_VOLATILE || kind == SK_BTF_RESTRICT || kind == SK_BTF_TYPEDEF ||
           kind == SK_BTF_TYPE_TAG;
}

static inline bool sk_btf_is_composite(unsigned kind) { return kind == SK_BTF_STRUCT || kind == SK_BTF_UNION; }
static inline bool sk_btf_is_enum(unsigned kind) { return kind == SK_BTF_ENUM || kind == SK_BTF_ENUM64; }

#endif
