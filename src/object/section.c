/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "object/section.h"

enum how { WHOLE, SLASH, PREFIX };

static const struct {
    const char *name;
    enum how how;
    uint32_t type;
} sections[] = {
#define SK_SECTION(name, how, number) {name, how, number},
#include "isa/progtype.def"
};

static const struct {
    const char *name;
    skep_kind kind;
} types[] = {
#define SK_PROGTYPE(number, name, kind) [number] = {name, SKEP_##kind},
#include "isa/progtype.def"
};

/* What follows `prefix` in `s`; NULL: it does not begin with it. */
static const char *behind(const char *s, const char *prefix)
{
    while (*prefix)
        if (*s++ != *prefix++)
            return NULL;
    return s;
}

void sk_section_type(const char *name, struct sk_section_type *out)
{
    *out = (struct sk_section_type){.type_name = types[0].name, .attach = "", .kind = types[0].kind, .autoload = true};
    if (name[0] == '?') {
        out->autoload = false;
        name++;
    }
    for (size_t i = 0; i < SK_COUNT(sections); i++) {
        const char *rest = behind(name, sections[i].name);
        if (!rest || (sections[i].how == WHOLE && *rest) || (sections[i].how == SLASH && *rest && *rest != '/'))
            continue;
        out->type = sections[i].type;
        out->type_name = types[out->type].name;
        out->kind = types[out->type].kind;
        out->attach = *rest == '/' ? rest + 1 : rest;
        return;
    }
}
