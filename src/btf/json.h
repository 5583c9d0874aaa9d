/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Values as JSON, by their types. A struct is an object (members of anonymous structs and unions are its own), an array an
 * array, an array of char a string up to its first zero byte, with bytes that are not ASCII as U+0080 to U+00FF. An enum is
 * the name of its value if there is one. Numbers beyond 2^53, which many a reader would round, are strings of decimal digits;
 * pointers, floating point and what has no meaning are strings of hex digits.
 */
#ifndef SK_BTF_JSON_H
#define SK_BTF_JSON_H

#include "btf/dump.h"

/* Appends the value; on failure the buffer has part of it. Errors are those of sk_btf_walk, and SKEP_ERR_MEMORY. */
skep_code sk_btf_json(const struct sk_btf *btf, uint32_t id, const void *bytes, size_t size, skep_byte_order order,
                      struct sk_buf *out, skep_error *err);
/* A string of any bytes, with the quotes. */
void sk_json_string(struct sk_buf *out, const uint8_t *bytes, size_t size);
/* A string of hex digits, two for each byte, in the order of memory. */
void sk_json_bytes(struct sk_buf *out, const uint8_t *bytes, size_t size);

#endif
