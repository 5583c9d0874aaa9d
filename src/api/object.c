/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Objects as the public header has them: argument checks, lifetimes, and finding a program by its names.
 */
#include "api/object.h"

#include "base/fmt.h"

skep_code skep_object_open(const void *bytes, size_t size, const skep_object_options *options, skep_object **object,
                           skep_error *err)
{
    skep_object_options own;
    skep_hooks hooks;
    if (!object || (!bytes && size > 0))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "no object was given, or no place for it");
    if (!sk_options_copy(&own, sizeof own, options))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "skep_object_options has a size or members that are not known");
    if (!sk_hooks_resolve(&hooks, own.hooks))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "skep_hooks has a size or members that are not known");
    skep_object *opened = sk_alloc_zero(&hooks, sizeof *opened);
    if (!opened)
        return sk_fail_memory(err);
    opened->hooks = hooks;
    struct sk_btf target;
    skep_code code = own.btf ? sk_btf_open(&target, &opened->hooks, own.btf, own.btf_size, err) : SKEP_OK;
    if (code == SKEP_OK) {
        code = sk_object_open(&opened->inner, &opened->hooks, own.cpus, own.btf ? &target : NULL, bytes, size, err);
        if (own.btf)
            sk_btf_close(&target);
    }
    if (code != SKEP_OK) {
        sk_free(&hooks, opened);
        return code;
    }
    *object = opened;
    return SKEP_OK;
}

void skep_object_free(skep_object *object)
{
    if (!object)
        return;
    skep_hooks hooks = object->hooks;
    sk_object_close(&object->inner);
    sk_free(&hooks, object);
}

size_t skep_object_program_count(const skep_object *object) { return object ? object->inner.program_count : 0; }

/* Fills as much of the caller's struct as it knows, also for a program that could not be linked. */
static skep_code give(const skep_object *object, uint32_t index, skep_program_info *info, skep_error *err)
{
    skep_program_info own;
    if (!info || !sk_options_copy(&own, sizeof own, info) || info->size < sizeof info->size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "skep_program_info has a size or members that are not known");
    size_t size = info->size;
    skep_code code = sk_object_program(&object->inner, index, &own, err);
    memcpy(info, &own, size < sizeof own ? size : sizeof own);
    return code;
}

skep_code skep_object_program(const skep_object *object, size_t index, skep_program_info *info, skep_error *err)
{
    if (!object)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "no object was given");
    if (index >= object->inner.program_count)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "no program %z: the object has %u", index, object->inner.program_count);
    return give(object, (uint32_t)index, info, err);
}

static bool matches(const struct sk_object_entry *program, const char *section, const char *name)
{
    return (!section || sk_streq(program->section, section)) && (!name || sk_streq(program->name, name));
}

/* Names of the programs that match, as many as fit: "one (section xdp), two (section xdp), ..." */
static void list(const struct sk_object *o, const char *section, const char *name, char *out, size_t size)
{
    static const char more[] = "...";
    size_t used = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < o->program_count; i++) {
        const struct sk_object_entry *p = &o->programs[i];
        char entry[128];
        if (!matches(p, section, name))
            continue;
        size_t length = sk_snfmt(entry, sizeof entry, "%s%.*s (section %.*s)", used ? ", " : "", 48, p->name, 48,
                                 p->section);
        if (used + length + sizeof ", ..." > size) {
            sk_snfmt(out + used, size - used, "%s%s", used ? ", " : "", more);
            return;
        }
        memcpy(out + used, entry, length + 1);
        used += length;
    }
}

uint32_t sk_object_find(const struct sk_object *o, const char *section, const char *name, skep_error *err)
{
    char names[144];
    uint32_t found = 0, count = 0;
    for (uint32_t i = 0; i < o->program_count && count < 2; i++)
        if (matches(&o->programs[i], section, name)) {
            found = i;
            count++;
        }
    if (count == 1)
        return found;
    if (o->program_count == 0) {
        sk_fail(err, SKEP_ERR_NOT_FOUND, "the object has no programs");
    } else if (count == 0) {
        list(o, NULL, NULL, names, sizeof names);
        if (section && name)
            sk_fail(err, SKEP_ERR_NOT_FOUND, "no program '%.*s' in section '%.*s'; there is: %s", 32, name, 32,
                           section, names);
        else
            sk_fail(err, SKEP_ERR_NOT_FOUND, "no program %s'%.*s'; there is: %s", name ? "" : "in section ", 48,
                       name ? name : section, names);
    } else {
        list(o, section, name, names, sizeof names);
        sk_fail(err, SKEP_ERR_ARGUMENT, "several programs to choose from: %s", names);
    }
    return SK_NO_PROGRAM;
}

skep_code skep_object_find(const skep_object *object, const char *section, const char *name, skep_program_info *info,
                           skep_error *err)
{
    skep_error own;
    if (!object)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "no object was given");
    uint32_t index = sk_object_find(&object->inner, section, name, &own);
    if (index != SK_NO_PROGRAM)
        return give(object, index, info, err);
    if (err)
        *err = own;
    return own.code;
}
