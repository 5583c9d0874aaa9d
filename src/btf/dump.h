/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Types as C declarations, and values by their types. Types may refer to each other in more ways than there are bytes;
 * both give up at a limit, and say so.
 */
#ifndef SK_BTF_DUMP_H
#define SK_BTF_DUMP_H

#include "base/buf.h"
#include "btf/btf.h"

/* A declaration is cut behind so many bytes, with three dots. */
#define SK_BTF_MAX_TEXT (1u << 16)

/*
 * Appends a declaration of `name` (NULL or "": of nothing) with that type, without a semicolon: "struct foo *name",
 * "u32[4]", "int (*f)(void *, ...)". Functions and variables have names of their own. Type tags are left out.
 */
void sk_btf_declare(const struct sk_btf *btf, uint32_t id, const char *name, struct sk_buf *out);
/* Appends what defines a type: its members or enumerators, a typedef; what has none is declared. No semicolon at the end. */
void sk_btf_define(const struct sk_btf *btf, uint32_t id, struct sk_buf *out);

enum sk_btf_event_kind {
    SK_BTF_OPEN_STRUCT, /* a struct or union; its members follow, then SK_BTF_CLOSE */
    SK_BTF_OPEN_ARRAY,  /* its elements follow, then SK_BTF_CLOSE */
    SK_BTF_CLOSE,
    SK_BTF_VALUE_UNSIGNED,
    SK_BTF_VALUE_SIGNED,
    SK_BTF_VALUE_BOOL,
    SK_BTF_VALUE_ENUM,
    SK_BTF_VALUE_POINTER,
    SK_BTF_VALUE_STRING, /* an array of char, up to its first zero byte */
    SK_BTF_VALUE_FLOAT,  /* as bytes in the value's order; nothing here knows floating point */
    SK_BTF_VALUE_BYTES   /* what has a size and no meaning */
};

/* Everything is valid during the call only. */
struct sk_btf_event {
    enum sk_btf_event_kind kind;
    const char *name; /* of the member; "": it is anonymous; NULL: an element, or the whole value */
    const char *path; /* from the whole value on, as in C: "row[1].y"; cut when it is very long */
    uint32_t index;   /* of the element, or of the member */
    uint32_t depth;   /* structs and arrays around it */
    uint32_t type;    /* as declared */
    uint32_t bits;    /* of the value */
    uint64_t value;   /* sign-extended where the type is signed */
    uint64_t high;    /* bits 64 to 127 of the same */
    const char *label; /* the enumerator that has this value; NULL: none has */
    const uint8_t *bytes; /* of string, float and bytes, and their number */
    uint32_t size;
};

/* False: enough. */
typedef bool sk_btf_visit_fn(void *user, const struct sk_btf_event *event);

/* Our own limit: events of one value. */
#define SK_BTF_MAX_EVENTS (1u << 24)

/*
 * Walks over a value of that type, whose numbers are in the given order. Errors: SKEP_ERR_ARGUMENT when `size` is less
 * than the type's or it has none; SKEP_ERR_OBJECT when a member lies outside of the value, or there is no end to it.
 * That the visitor has enough is no error.
 */
skep_code sk_btf_walk(const struct sk_btf *btf, uint32_t id, const void *bytes, size_t size, skep_byte_order order,
                      sk_btf_visit_fn *visit, void *user, skep_error *err);

#endif
