/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The time, chance, the cpu and the task: from the run's script, else from the hooks. */
#include "helper/kernel.h"

#define TICK_NS 4000000u /* HZ of 250 */
/* A kernel's first jiffy: 5 minutes before the lower 32 bits wrap (INITIAL_JIFFIES, linux/jiffies.h). */
#define FIRST_JIFFY ((uint64_t)(uint32_t)(-300 * 250))

bool sk_world_time(skep_run *run, uint64_t *ns)
{
    const skep_script *script = run->script;
    const skep_hooks *hooks = &run->env->hooks;
    if (script && script->clock) {
        *ns = *script->clock;
        *script->clock += script->clock_step;
    } else if (hooks->time_ns) {
        *ns = hooks->time_ns(hooks->user);
    } else {
        skep_run_fail(run, -SKEP_ENODEV, "there is no clock: neither a time hook nor a script's");
        return false;
    }
    return true;
}

void sk_world_log(skep_run *run, const char *text, size_t size)
{
    const skep_script *script = run->script;
    const skep_hooks *hooks = &run->env->hooks;
    if (script && script->log)
        script->log(script->user, text, size);
    else if (hooks->log)
        hooks->log(hooks->user, text, size);
}

SK_BPF(ktime_get_ns)
{
    uint64_t ns;
    return sk_world_time(run, &ns) ? ns : 0;
}

SK_BPF(ktime_get_boot_ns) { return sk_bpf_ktime_get_ns(r1, r2, r3, r4, r5, run); }

SK_BPF(ktime_get_tai_ns)
{
    return sk_bpf_ktime_get_ns(r1, r2, r3, r4, r5, run) + (run->script ? run->script->tai_offset : 0);
}

SK_BPF(ktime_get_coarse_ns)
{
    uint64_t ns = sk_bpf_ktime_get_ns(r1, r2, r3, r4, r5, run);
    return ns - ns % TICK_NS;
}

SK_BPF(jiffies64) { return FIRST_JIFFY + sk_bpf_ktime_get_ns(r1, r2, r3, r4, r5, run) / TICK_NS; }

SK_BPF(get_prandom_u32)
{
    const skep_hooks *hooks = &run->env->hooks;
    if (run->script && run->script->random) { /* splitmix64: every state leads to a good sequence */
        uint64_t x = *run->script->random += UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
        return (x ^ x >> 31) >> 32;
    }
    if (hooks->random)
        return (uint32_t)hooks->random(hooks->user);
    skep_run_fail(run, -SKEP_ENODEV, "there is no randomness: neither a hook nor a script's");
    return 0;
}

SK_BPF(get_smp_processor_id)
{
    const skep_hooks *hooks = &run->env->hooks;
    if (run->cpu != SK_NO_CPU)
        return run->cpu;
    return hooks->cpu_id ? hooks->cpu_id(hooks->user) : 0;
}

SK_BPF(get_numa_node_id) { return 0; }

/* ---------------------------------------------------------------------------------------- the task */

static const skep_task *task_of(const skep_run *run)
{
    static const skep_task nobody = {.comm = "skep", .cgroup_id = 1};
    return run->script && run->script->task ? run->script->task : &nobody;
}

SK_BPF(get_current_pid_tgid) { return (uint64_t)task_of(run)->tgid << 32 | task_of(run)->pid; }
SK_BPF(get_current_uid_gid) { return (uint64_t)task_of(run)->gid << 32 | task_of(run)->uid; }
SK_BPF(get_current_task) { return task_of(run)->address; }
SK_BPF(get_current_task_btf) { return task_of(run)->address; }
SK_BPF(get_current_cgroup_id) { return task_of(run)->cgroup_id; }

/* The root has id 1, and the task's cgroup lies right below it, unless it is the root. */
SK_BPF(get_current_ancestor_cgroup_id)
{
    const uint64_t own = task_of(run)->cgroup_id;
    const int32_t level = (int32_t)r1;
    return level == 0 ? 1 : level == 1 && own != 1 ? own : 0;
}

/* strscpy_pad: cut, terminated, and zero to the end. */
SK_BPF(get_current_comm)
{
    char *to = sk_ptr(r1);
    const char *comm = task_of(run)->comm;
    uint32_t size = (uint32_t)r2, n = 0;
    memset(to, 0, size);
    while (n < 15 && n + 1 < size && comm[n]) {
        to[n] = comm[n];
        n++;
    }
    return 0;
}

SK_BPF(get_ns_current_pid_tgid)
{
    memset(sk_ptr(r3), 0, (uint32_t)r4);
    return sk_int(-SKEP_EINVAL);
}

/* ------------------------------------------------------------------------------ sockets and the like */

SK_BPF(get_socket_cookie) { return run->script ? run->script->socket_cookie : 0; }
SK_BPF(get_netns_cookie) { return run->script && run->script->netns_cookie ? run->script->netns_cookie : 1; }
SK_BPF(get_socket_uid) { return 0; }
SK_BPF(get_cgroup_classid) { return 0; }
SK_BPF(get_route_realm) { return 0; }
