/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "helper/helper.h"

#include "base/fmt.h"

/* The place of `id`, or where it belongs. */
static size_t place(const struct sk_helper_table *table, uint32_t id)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->entries[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct sk_helper *sk_helper_find(const struct sk_helper_table *table, uint32_t id)
{
    size_t at = place(table, id);
    if (at < table->count && table->entries[at]->id == id)
        return table->entries[at];
    return table->builtin ? table->builtin(id) : NULL;
}

static skep_code check_prototype(const skep_prototype *prototype, skep_error *err)
{
    bool has_map = false;
    for (unsigned i = 0; i < 5; i++) {
        skep_arg arg = prototype->args[i];
        bool is_memory = arg == SKEP_ARG_MEM || arg == SKEP_ARG_MEM_WRITE;
        bool is_size = arg == SKEP_ARG_SIZE || arg == SKEP_ARG_SIZE_OR_ZERO;
        skep_arg before = i ? prototype->args[i - 1] : SKEP_ARG_ANY;
        skep_arg after = i < 4 ? prototype->args[i + 1] : SKEP_ARG_ANY;
        if ((unsigned)arg > SKEP_ARG_FUNC)
            return sk_fail(err, SKEP_ERR_ARGUMENT, "prototype: argument %u has no such type", i + 1);
        has_map |= arg == SKEP_ARG_MAP;
        if (arg >= SKEP_ARG_MAP_KEY && arg <= SKEP_ARG_MAP_VALUE_WRITE && !has_map)
            return sk_fail(err, SKEP_ERR_ARGUMENT, "prototype: argument %u is of a map, so one before must be a map", i + 1);
        if (is_memory && after != SKEP_ARG_SIZE && after != SKEP_ARG_SIZE_OR_ZERO)
            return sk_fail(err, SKEP_ERR_ARGUMENT, "prototype: argument %u is memory, so the next must be its size", i + 1);
        if (is_size && before != SKEP_ARG_MEM && before != SKEP_ARG_MEM_WRITE)
            return sk_fail(err, SKEP_ERR_ARGUMENT, "prototype: argument %u is a size, so the one before must be memory",
                           i + 1);
    }
    return SKEP_OK;
}

skep_code sk_helper_register(struct sk_helper_table *table, const skep_hooks *hooks, uint32_t id,
                             const skep_helper *given, skep_error *err)
{
    skep_helper helper;
    skep_prototype prototype = {0};
    if (!given || !sk_options_copy(&helper, sizeof helper, given))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "helper: size is not that of a skep_helper this library knows");
    if (!helper.fn)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "helper: fn is NULL");
    if (helper.prototype) {
        if (!sk_options_copy(&prototype, sizeof prototype, helper.prototype))
            return sk_fail(err, SKEP_ERR_ARGUMENT, "prototype: size is not that of a skep_prototype this library knows");
        skep_code failed = check_prototype(&prototype, err);
        if (failed)
            return failed;
    }

    size_t at = place(table, id);
    struct sk_helper *entry = at < table->count && table->entries[at]->id == id ? table->entries[at] : NULL;
    if (!entry) {
        if (table->count == table->room) {
            size_t room = table->room ? table->room * 2 : 8;
            struct sk_helper **entries =
                room > SIZE_MAX / sizeof *entries ? NULL : sk_realloc(hooks, table->entries, room * sizeof *entries);
            if (!entries)
                return sk_fail_memory(err);
            table->entries = entries;
            table->room = room;
        }
        entry = sk_alloc(hooks, sizeof *entry);
        if (!entry)
            return sk_fail_memory(err);
        memmove(table->entries + at + 1, table->entries + at, (table->count - at) * sizeof *table->entries);
        table->entries[at] = entry;
        table->count++;
    }
    memset(entry, 0, sizeof *entry);
    entry->fn = helper.fn;
    entry->user = helper.user;
    entry->id = id;
    for (unsigned i = 0; i < 5; i++) {
        entry->args[i] = (uint8_t)prototype.args[i];
        entry->has_prototype |= prototype.args[i] > SKEP_ARG_SCALAR;
    }
    sk_snfmt(entry->name, sizeof entry->name, "%s", helper.name ? helper.name : "");
    return SKEP_OK;
}

skep_code sk_helper_table_copy(struct sk_helper_table *to, const struct sk_helper_table *from, const skep_hooks *hooks,
                               skep_error *err)
{
    memset(to, 0, sizeof *to);
    to->builtin = from->builtin;
    to->entries = sk_alloc_array(hooks, from->count, sizeof *to->entries);
    if (!to->entries)
        return sk_fail_memory(err);
    to->room = from->count ? from->count : 1;
    for (size_t i = 0; i < from->count; i++) {
        struct sk_helper *entry = sk_alloc(hooks, sizeof *entry);
        if (!entry) {
            sk_helper_table_free(to, hooks);
            return sk_fail_memory(err);
        }
        *entry = *from->entries[i];
        to->entries[to->count++] = entry;
    }
    return SKEP_OK;
}

void sk_helper_table_free(struct sk_helper_table *table, const skep_hooks *hooks)
{
    for (size_t i = 0; i < table->count; i++)
        sk_free(hooks, table->entries[i]);
    sk_free(hooks, table->entries);
    memset(table, 0, sizeof *table);
}

bool sk_helper_attend(skep_run *run)
{
    if (run->attention & SK_ATTENTION_END)
        run->attention = SK_ATTENTION_END; /* in a callback; nothing failed */
    else if (run->attention & SK_ATTENTION_FAILED)
        sk_run_fault(run, SKEP_ERR_HELPER, 0);
    return false;
}

static bool bad_argument(skep_run *run, const struct sk_helper *helper, unsigned arg, uint64_t value, const char *what)
{
    sk_snfmt(run->message, sizeof run->message, "helper %u%s%s: argument %u, 0x%X, %s", helper->id,
             helper->name[0] ? " " : "", helper->name, arg + 1, value, what);
    return sk_run_fault(run, SKEP_ERR_ACCESS, value);
}

static bool check_memory(skep_run *run, const struct sk_helper *helper, const uint64_t args[5], unsigned i)
{
    struct sk_region region;
    bool write = helper->args[i] == SKEP_ARG_MEM_WRITE;
    uint64_t size = args[i + 1];
    if (size == 0 && helper->args[i + 1] == SKEP_ARG_SIZE_OR_ZERO)
        return true;
    if (size == 0)
        return bad_argument(run, helper, i + 1, size, "is a size of zero bytes");
    if (sk_run_find(run, args[i], size, write, &region))
        return true;
    char what[96];
    sk_snfmt(what, sizeof what, "does not lead to %U bytes that the program may %s", size, write ? "write" : "read");
    return bad_argument(run, helper, i, args[i], what);
}

static bool check_string(skep_run *run, const struct sk_helper *helper, uint64_t address, unsigned i)
{
    struct sk_region region;
    if (!sk_run_find(run, address, 1, false, &region))
        return bad_argument(run, helper, i, address, "does not lead to a string that the program may read");
    uint64_t room = region.size - (address - region.low);
    const char *s = sk_ptr(address);
    for (uint64_t n = 0; n < room; n++)
        if (!s[n])
            return true;
    return bad_argument(run, helper, i, address, "leads to a string that does not end");
}

static bool check_bytes(skep_run *run, const struct sk_helper *helper, unsigned i, uint64_t address, uint64_t size, bool write)
{
    struct sk_region region;
    if (size == 0 || sk_run_find(run, address, size, write, &region))
        return true;
    char what[96];
    sk_snfmt(what, sizeof what, "does not lead to %U bytes that the program may %s", size, write ? "write" : "read");
    return bad_argument(run, helper, i, address, what);
}

bool sk_helper_check(skep_run *run, const struct sk_helper *helper, const uint64_t args[5])
{
    const struct skep_map *map = NULL;
    for (unsigned i = 0; i < 5; i++) {
        bool good = true;
        const uint64_t arg = args[i];
        switch ((skep_arg)helper->args[i]) {
        case SKEP_ARG_MEM:
        case SKEP_ARG_MEM_WRITE: good = check_memory(run, helper, args, i); break;
        case SKEP_ARG_STRING: good = check_string(run, helper, args[i], i); break;
        case SKEP_ARG_STRING_OR_NULL: good = args[i] == 0 || check_string(run, helper, args[i], i); break;
        case SKEP_ARG_CONTEXT:
            good = args[i] == run->context || bad_argument(run, helper, i, args[i], "is not the context");
            break;
        case SKEP_ARG_MAP:
            map = sk_run_map(run, arg);
            good = map || bad_argument(run, helper, i, arg, "is not a map");
            break;
        case SKEP_ARG_MAP_KEY: good = check_bytes(run, helper, i, arg, map->key_size, false); break;
        case SKEP_ARG_MAP_VALUE: good = check_bytes(run, helper, i, arg, map->value_size, false); break;
        case SKEP_ARG_MAP_VALUE_WRITE: good = check_bytes(run, helper, i, arg, map->value_size, true); break;
        case SKEP_ARG_INT_WRITE: good = check_bytes(run, helper, i, arg, 4, true); break;
        case SKEP_ARG_LONG_WRITE: good = check_bytes(run, helper, i, arg, 8, true); break;
        case SKEP_ARG_FUNC: /* looked up when it is called */
        case SKEP_ARG_SIZE: /* goes with the memory before it */
        case SKEP_ARG_SIZE_OR_ZERO:
        case SKEP_ARG_SCALAR:
        case SKEP_ARG_ANY: break;
        }
        if (!good)
            return false;
    }
    return true;
}

skep_map *skep_run_map(const skep_run *run, uint64_t handle) { return sk_run_map(run, handle); }

bool skep_run_call(skep_run *run, uint64_t function, const uint64_t args[5], uint64_t *result)
{
    memcpy(run->regs + 1, args, 5 * sizeof *args);
    const struct sk_helper *helper = run->helper;
    bool ok = run->engine->invoke(run, function, result);
    run->helper = helper;
    if (!ok)
        run->attention |= SK_ATTENTION_FAILED;
    return ok;
}

void *skep_run_user(const skep_run *run) { return run->helper ? run->helper->user : NULL; }
