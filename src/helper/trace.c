/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What tracing programs ask for: stacks, events, where they are attached and to what. Most of it is the script's. */
#include "helper/kernel.h"
#include "map/perf.h"
#include "map/stacktrace.h"

#define CTX_SIZE_MASK (UINT64_C(0xfffff) << 32) /* BPF_F_CTXLEN_MASK */
#define BUILD_ID (UINT64_C(1) << 11)            /* BPF_F_USER_BUILD_ID */

/* ------------------------------------------------------------------------------------------- stacks */

static const uint64_t *stack_of(const skep_run *run, bool user, uint32_t *count)
{
    const skep_script *script = run->script;
    const uint64_t *stack = script ? (user ? script->user_stack : script->kernel_stack) : NULL;
    *count = !stack ? 0 : user ? script->user_stack_count : script->kernel_stack_count;
    return stack;
}

SK_BPF(get_stackid)
{
    struct skep_map *map = sk_map_argument(run, 2, r2);
    uint32_t count;
    if (!map)
        return 0;
    if (map->type != SKEP_MAP_STACK_TRACE)
        return sk_wrong_map(run);
    const uint64_t *stack = stack_of(run, r3 & SK_STACK_USER, &count);
    return sk_int(sk_stacktrace_store(map, stack, count, r3));
}

static int64_t copy_stack(skep_run *run, uint8_t *to, uint32_t size, uint64_t flags)
{
    const bool user = flags & SK_STACK_USER;
    const uint32_t skip = flags & SK_STACK_SKIP_MASK;
    uint32_t count;
    if (flags & ~(SK_STACK_SKIP_MASK | SK_STACK_USER | BUILD_ID) || (flags & BUILD_ID && !user))
        return -SKEP_EINVAL;
    if (flags & BUILD_ID) {
        skep_run_fail(run, -SKEP_ENOTSUPP, "build ids are not yet supported");
        return 0;
    }
    if (size % 8)
        return -SKEP_EINVAL;
    const uint64_t *stack = stack_of(run, user, &count);
    if (!stack || count < skip)
        return -SKEP_EFAULT;
    uint32_t bytes = count - skip < size / 8 ? (count - skip) * 8 : size;
    if (bytes)
        memcpy(to, stack + skip, bytes);
    if (size > bytes)
        memset(to + bytes, 0, size - bytes);
    return bytes;
}

SK_BPF(get_stack)
{
    const uint32_t size = (uint32_t)r3;
    int64_t n = copy_stack(run, sk_ptr(r2), size, r4);
    if (n < 0 && size)
        memset(sk_ptr(r2), 0, size);
    return sk_int(n);
}

SK_BPF(get_task_stack) { return sk_bpf_get_stack(r1, r2, r3, r4, r5, run); }

/* ------------------------------------------------------------------------------------------- events */

static struct skep_map *events(skep_run *run, unsigned arg, uint64_t handle)
{
    struct skep_map *map = sk_map_argument(run, arg, handle);
    if (map && map->type != SKEP_MAP_PERF_EVENT_ARRAY) {
        sk_wrong_map(run);
        return NULL;
    }
    return map;
}

/* Programs with a packet may have some of it written behind their own data. */
SK_BPF(perf_event_output)
{
    struct skep_map *map = events(run, 2, r2);
    if (!map)
        return 0;
    const bool packet = run->packet != 0;
    const uint64_t more = (r3 & CTX_SIZE_MASK) >> 32;
    if (r3 & ~(SK_PERF_INDEX_MASK | (packet ? CTX_SIZE_MASK : 0)))
        return sk_int(-SKEP_EINVAL);
    if (more > run->packet_size)
        return sk_int(-SKEP_EFAULT);
    return sk_int(sk_perf_output(map, r3 & SK_PERF_INDEX_MASK, run->cpu, sk_ptr(r4), r5, sk_ptr(run->packet), more));
}

/* Nothing is counted here: there is no event behind any index. */
static int64_t read_event(const skep_run *run, const struct skep_map *map, uint64_t flags)
{
    uint64_t index = flags & SK_PERF_INDEX_MASK;
    if (flags & ~SK_PERF_INDEX_MASK)
        return -SKEP_EINVAL;
    if (index == SK_PERF_CURRENT_CPU)
        index = run->cpu;
    return index >= map->max_entries ? -SKEP_E2BIG : -SKEP_ENOENT;
}

SK_BPF(perf_event_read)
{
    const struct skep_map *map = events(run, 1, r1);
    return map ? sk_int(read_event(run, map, r2)) : 0;
}

SK_BPF(perf_event_read_value)
{
    const struct skep_map *map = events(run, 1, r1);
    const uint32_t size = (uint32_t)r4;
    if (!map)
        return 0;
    memset(sk_ptr(r3), 0, size);
    return sk_int(size == 24 ? read_event(run, map, r2) : -SKEP_EINVAL); /* struct bpf_perf_event_value */
}

/* --------------------------------------------------------------------------- where a program is attached */

SK_BPF(get_attach_cookie) { return run->script ? run->script->attach_cookie : 0; }
SK_BPF(get_func_ip) { return run->script ? run->script->func_ip : 0; }
SK_BPF(get_func_arg_cnt) { return run->script ? run->script->func_arg_count : 0; }

SK_BPF(get_func_arg)
{
    const uint32_t n = (uint32_t)r2;
    const skep_script *script = run->script;
    if (!script || n >= script->func_arg_count)
        return sk_int(-SKEP_EINVAL);
    sk_store64(sk_ptr(r3), script->func_args[n]);
    return 0;
}

SK_BPF(get_func_ret)
{
    const skep_script *script = run->script;
    if (!script || !script->func_ret)
        return sk_int(-SKEP_EOPNOTSUPP); /* as of a program that is attached to a function's entry */
    sk_store64(sk_ptr(r2), *script->func_ret);
    return 0;
}

SK_BPF(get_retval) { return run->script && run->script->retval ? sk_int(*run->script->retval) : 0; }

SK_BPF(set_retval)
{
    if (run->script && run->script->retval)
        *run->script->retval = (int32_t)r1;
    return 0;
}
