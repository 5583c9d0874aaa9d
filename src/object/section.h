/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a section's name says of the programs in it: src/isa/progtype.def. */
#ifndef SK_SECTION_H
#define SK_SECTION_H

#include "base/mem.h"

struct sk_section_type {
    uint32_t type;         /* enum bpf_prog_type; 0: the name says nothing */
    const char *type_name; /* static */
    const char *attach;    /* behind the '/', in `name` */
    skep_kind kind;
    bool autoload;
};

void sk_section_type(const char *name, struct sk_section_type *type);

#endif
