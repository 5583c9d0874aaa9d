/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef SK_API_OBJECT_H
#define SK_API_OBJECT_H

#include "object/object.h"

struct skep_object {
    skep_hooks hooks;
    struct sk_object inner;
};

/* The only program of that section and name; SK_NO_PROGRAM with the reason in err otherwise. */
#define SK_NO_PROGRAM UINT32_MAX
uint32_t sk_object_find(const struct sk_object *object, const char *section, const char *name, skep_error *err);

#endif
