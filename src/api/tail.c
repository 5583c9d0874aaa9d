/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Programs in arrays of programs: a clone of the VM as it was when it was stored, so that what runs never changes. */
#include "api/vm.h"
#include "map/prog_array.h"

static uint32_t last_id;

struct stored {
    struct sk_tail_program program;
    skep_vm *vm;
};

static void release(struct sk_counted *counted)
{
    struct stored *s = (struct stored *)(void *)counted;
    const skep_hooks hooks = s->vm->env.hooks;
    skep_vm_free(s->vm);
    sk_free(&hooks, s);
}

/* What programs of one array have in common; the first one decides. Never 0. */
static uint32_t owner_of(const skep_vm *vm) { return 1u << 16 | (uint32_t)vm->kind << 8 | (uint32_t)vm->policy; }

int skep_map_update_program(skep_map *map, const void *key, const skep_vm *vm, uint64_t flags)
{
    if (!map || map->type != SKEP_MAP_PROG_ARRAY || !key || !vm || !vm->image)
        return -SKEP_EINVAL;
    if (map->flags & SKEP_MAP_RDONLY || __atomic_load_n(&map->frozen, __ATOMIC_ACQUIRE))
        return -SKEP_EPERM;
    struct sk_prog_array *array = (struct sk_prog_array *)map;
    uint32_t owner = 0;
    if (!__atomic_compare_exchange_n(&array->owner, &owner, owner_of(vm), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) &&
        owner != owner_of(vm))
        return -SKEP_EINVAL;
    struct stored *s = sk_alloc_zero(&vm->env.hooks, sizeof *s);
    if (!s || skep_vm_clone(vm, &s->vm, NULL)) {
        sk_free(&vm->env.hooks, s);
        return -SKEP_ENOMEM;
    }
    skep_code code = s->vm->native ? SKEP_OK : skep_vm_jit_compile(s->vm, NULL, NULL);
    s->program.counted = (struct sk_counted){1, __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED), release};
    s->program.env = &s->vm->env;
    int result = code && code != SKEP_ERR_UNSUPPORTED ? -SKEP_ENOMEM
                                                      : sk_prog_array_put(map, sk_load32(key), &s->program.counted, flags);
    sk_counted_unref(&s->program.counted);
    return result;
}
