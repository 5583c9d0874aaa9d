/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a program's r1 means: one descriptor per kind of VM. A descriptor says what the caller may hand in, how many
 * bytes of the workspace it wants for itself, and lays out a run: r1, r2, the regions, the packet.
 */
#ifndef SK_CONTEXT_H
#define SK_CONTEXT_H

#include "base/error.h"
#include "run/run.h"

/* What the caller of one run hands in, and what the VM adds. */
struct sk_input {
    void *mem;
    size_t mem_size;
    uint32_t mem_access;
    void *mbuff;
    size_t mbuff_size;
    size_t data_offset, data_end_offset;
    uint32_t context_extent; /* struct sk_program's */
    size_t headroom, tailroom; /* what the packet may grow into; the headroom lies in front of the metadata */
    size_t meta_size;          /* the packet's metadata, in front of it */
};

struct sk_context {
    const char *name;
    bool takes_mem, takes_mbuff;
    bool needs_mbuff;
    bool context_is_memory; /* r1 leads to a region other than the packet */
    bool at_mac;            /* the packet begins with its link-layer header */
    const struct sk_fields *fields; /* of one of Linux's; NULL: a region like any other */
    /* Bytes of its own in the workspace; only the offsets and the extent of the input are set. NULL: none. */
    size_t (*room)(const struct sk_context *context, const struct sk_input *input);
    void (*begin)(const struct sk_context *context, skep_run *run, const struct sk_input *input, uint8_t *own);
};

#define SK_CONTEXT_MAX_OFFSET 4096u
#define SK_PACKET_MOST 0x7fffffffu /* sizes and distances fit an int */

/* NULL when there is no such kind. */
const struct sk_context *sk_context_of(skep_kind kind);
skep_code sk_context_check_offsets(size_t data_offset, size_t data_end_offset, skep_error *err);
/* Whether a VM of this kind can be run on that input. */
skep_code sk_context_check_input(skep_kind kind, const skep_exec_options *options, skep_error *err);
/* The same for contexts of Linux's, whose program reads so many bytes. */
skep_code sk_context_check_linux(const struct sk_context *context, uint32_t extent, const skep_exec_options *options,
                                 skep_error *err);

#endif
