/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "run/cpus.h"

#include "base/error.h"

/* One for the process, made when it is first wanted and kept: maps and VMs of different owners meet there. */
static struct skep_cpus *the_default;

static struct skep_cpus *create(const skep_hooks *hooks, uint32_t count)
{
    struct skep_cpus *cpus = sk_alloc_zero(hooks, sizeof *cpus);
    void *memory = sk_alloc_zero(hooks, ((size_t)count + 1) * sizeof(struct sk_cpu_slot));
    if (!cpus || !memory) {
        sk_free(hooks, cpus);
        sk_free(hooks, memory);
        return NULL;
    }
    cpus->references = 1;
    cpus->count = count;
    cpus->hooks = *hooks;
    cpus->memory = memory;
    cpus->slots = sk_ptr((sk_addr(memory) + 63) & ~UINT64_C(63));
    return cpus;
}

static uint32_t machine_count(const skep_hooks *hooks)
{
    uint32_t count = hooks->cpu_count ? hooks->cpu_count(hooks->user) : 1;
    return count == 0 ? 1 : count > SKEP_MAX_CPUS ? SKEP_MAX_CPUS : count;
}

struct skep_cpus *sk_cpus_ref(struct skep_cpus *cpus)
{
    __atomic_fetch_add(&cpus->references, 1, __ATOMIC_RELAXED);
    return cpus;
}

void sk_cpus_unref(struct skep_cpus *cpus)
{
    if (!cpus || __atomic_sub_fetch(&cpus->references, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    const skep_hooks hooks = cpus->hooks;
    sk_free(&hooks, cpus->memory);
    sk_free(&hooks, cpus);
}

struct skep_cpus *sk_cpus_default(const skep_hooks *hooks)
{
    struct skep_cpus *now = __atomic_load_n(&the_default, __ATOMIC_ACQUIRE);
    if (!now) {
        /* It outlives everybody, so it is made with hooks that do: the platform's where there are any. */
        const skep_hooks *lasting = sk_default_hooks.realloc ? &sk_default_hooks : hooks;
        struct skep_cpus *made = create(lasting, machine_count(hooks));
        if (!made)
            return NULL;
        if (__atomic_compare_exchange_n(&the_default, &now, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            now = made;
        else
            sk_cpus_unref(made);
    }
    return sk_cpus_ref(now);
}

skep_code skep_cpus_create(const skep_hooks *given, uint32_t count, skep_cpus **out, skep_error *err)
{
    skep_hooks hooks;
    if (!out)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is nowhere to put the cpus");
    if (!sk_hooks_resolve(&hooks, given))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "hooks: size is not that of a skep_hooks this library knows");
    if (count > SKEP_MAX_CPUS)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "%u cpus are more than %u", count, SKEP_MAX_CPUS);
    skep_cpus *cpus = create(&hooks, count ? count : machine_count(&hooks));
    if (!cpus)
        return sk_fail_memory(err);
    *out = cpus;
    return SKEP_OK;
}

uint32_t skep_cpus_count(const skep_cpus *cpus) { return cpus ? cpus->count : 0; }
void skep_cpus_free(skep_cpus *cpus) { sk_cpus_unref(cpus); }

bool sk_cpus_take_one(struct skep_cpus *cpus, uint32_t cpu)
{
    uint32_t *busy = &cpus->slots[cpu].busy;
    return !__atomic_load_n(busy, __ATOMIC_RELAXED) && !__atomic_exchange_n(busy, 1, __ATOMIC_ACQUIRE);
}

uint32_t sk_cpus_take(struct skep_cpus *cpus)
{
    uint32_t first = cpus->hooks.cpu_id ? cpus->hooks.cpu_id(cpus->hooks.user) % cpus->count : 0;
    for (uint32_t i = 0, cpu = first; i < cpus->count; i++, cpu = cpu + 1 == cpus->count ? 0 : cpu + 1)
        if (sk_cpus_take_one(cpus, cpu))
            return cpu;
    return SK_NO_CPU;
}

void sk_cpus_give_back(struct skep_cpus *cpus, uint32_t cpu)
{
    __atomic_store_n(&cpus->slots[cpu].busy, 0, __ATOMIC_RELEASE);
}
