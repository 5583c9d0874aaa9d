/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Calls of the kernel's helpers whose arguments are known well enough when they are compiled: maps by their handles, memory
 * in the caller's own frame. What the prototype asks for is then proven, and most operations on maps are a call of the map's
 * own function, or an index into it. A helper that the caller put in place of the kernel's is nobody to know.
 */
#include "helper/kernel.h"
#include "jit/ir.h"
#include "map/array.h"

struct skep_map *sk_ir_map_of_handle(const struct sk_compile *c, bool known, uint64_t handle)
{
    const uint64_t place = handle ^ SK_MAP_HANDLE_TAG;
    return known && place < c->map_count ? c->maps[place] : NULL;
}

const struct sk_helper *sk_ir_kernel_helper(const struct sk_compile *c, const struct sk_ir *ir)
{
    const struct sk_helper *helper = c->calls[sk_image_call_number(c->image, (uint32_t)ir->imm)];
    return helper && helper == sk_kernel_helper(helper->id) ? helper : NULL;
}

/* So many bytes there are in the part of the frame that is zeroed when it is entered, or nothing is checked anyhow. */
static bool is_memory(const struct sk_compile *c, const struct sk_argument *arg, uint64_t size, uint32_t frame)
{
    return !c->image->guarded || (arg->in_frame && arg->at < 0 && (uint64_t)(-(int64_t)arg->at) <= frame &&
                                  size <= (uint64_t)(-(int64_t)arg->at));
}

/* Whether each argument passes sk_helper_check(). */
static bool prove(const struct sk_compile *c, const struct sk_helper *helper, const struct sk_argument args[5], uint32_t frame)
{
    const struct skep_map *map = NULL;
    for (unsigned i = 0; i < 5; i++) {
        const struct sk_argument *arg = &args[i];
        switch ((skep_arg)helper->args[i]) {
        case SKEP_ARG_MEM:
        case SKEP_ARG_MEM_WRITE:
            if (!args[i + 1].known || args[i + 1].value == 0 || !is_memory(c, arg, args[i + 1].value, frame))
                return false;
            break;
        case SKEP_ARG_MAP:
            map = sk_ir_map_of_handle(c, arg->known, arg->value);
            if (!map)
                return false;
            break;
        case SKEP_ARG_MAP_KEY:
            if (!is_memory(c, arg, map->key_size, frame))
                return false;
            break;
        case SKEP_ARG_MAP_VALUE:
        case SKEP_ARG_MAP_VALUE_WRITE:
            if (!is_memory(c, arg, map->value_size, frame))
                return false;
            break;
        case SKEP_ARG_FUNC:
        case SKEP_ARG_SIZE:
        case SKEP_ARG_SIZE_OR_ZERO:
        case SKEP_ARG_SCALAR:
        case SKEP_ARG_ANY: break;
        default: return false;
        }
    }
    return true;
}

static bool is_plain_array(const struct skep_map *map)
{
    const struct sk_array *a = (const struct sk_array *)(const void *)map;
    return (map->type == SKEP_MAP_ARRAY || map->type == SKEP_MAP_PERCPU_ARRAY) && map->max_entries <= INT32_MAX &&
           a->stride <= INT32_MAX && a->per_cpu <= INT32_MAX;
}

static enum sk_ir_how how_of(const struct skep_map *map, uint32_t id, const struct sk_argument args[5])
{
    const struct sk_map_ops *ops = map->ops;
    const bool may_write = sk_map_program_may(map, true);
    switch (id) {
    case 1: return is_plain_array(map) ? IRH_INDEX : ops->lookup ? IRH_LOOKUP : IRH_PROVEN;
    case 2:
        return ops->update && may_write && args[3].known && !(args[3].value & SKEP_F_LOCK) ? IRH_UPDATE : IRH_PROVEN;
    case 3: return ops->remove && may_write ? IRH_REMOVE : IRH_PROVEN;
    case 87: return ops->push && may_write ? IRH_PUSH : IRH_PROVEN;
    case 88: return ops->pop && may_write ? IRH_POP : IRH_PROVEN;
    case 89: return ops->peek ? IRH_PEEK : IRH_PROVEN;
    default: return IRH_PROVEN;
    }
}

void sk_ir_know_call(const struct sk_compile *c, struct sk_ir *ir, const struct sk_argument args[5], uint32_t subprog)
{
    const struct sk_helper *helper = sk_ir_kernel_helper(c, ir);
    const uint32_t size = c->image->frame_sizes[subprog], touched = c->program->subprogs[subprog].stack_touched;
    if (ir->sub != IRH_CHECKED || !helper || !helper->has_prototype ||
        !prove(c, helper, args, touched < size ? touched : size))
        return;
    const struct skep_map *map = sk_ir_map_of_handle(c, args[0].known, args[0].value);
    ir->sub = (uint8_t)(map ? how_of(map, helper->id, args) : IRH_PROVEN);
    ir->off = map ? (int32_t)(args[0].value ^ SK_MAP_HANDLE_TAG) : 0;
    if (ir->sub == IRH_INDEX && args[1].in_frame && args[1].at >= -(int32_t)SKEP_STACK_SIZE && args[1].at < 0)
        ir->imm = (int64_t)((uint64_t)(uint32_t)args[1].at << 32 | (uint32_t)ir->imm);
}

/* Types whose lookups give an address of which find_value() knows just this. */
bool sk_ir_value_of(const struct skep_map *map, struct sk_value *value)
{
    switch (map->type) {
    case SKEP_MAP_ARRAY:
    case SKEP_MAP_PERCPU_ARRAY: value->size = sk_map_round8(map->value_size); break;
    case SKEP_MAP_HASH:
    case SKEP_MAP_PERCPU_HASH:
    case SKEP_MAP_LRU_HASH:
    case SKEP_MAP_LRU_PERCPU_HASH:
    case SKEP_MAP_LPM_TRIE: value->size = map->value_size; break;
    default: return false;
    }
    value->write = sk_map_program_may(map, true);
    return sk_map_program_may(map, false);
}

bool sk_ir_is_value(const struct sk_compile *c, uint64_t address, uint32_t size, bool write)
{
    struct sk_span span;
    for (uint32_t i = 0; i < c->map_count; i++) {
        const struct skep_map *map = c->maps[i];
        if (map->type == SKEP_MAP_ARRAY && sk_map_program_may(map, write) && map->ops->find_value(map, address, &span))
            return size <= span.size - (address - span.low);
    }
    return false;
}
