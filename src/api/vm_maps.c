/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The maps of a VM, and the references to them in its program. */
#include "api/vm.h"
#include "map/array.h"
#include "verify/structural.h"

void sk_vm_drop_maps(skep_vm *vm)
{
    for (uint32_t i = 0; i < vm->env.map_count; i++)
        sk_map_unref(vm->maps[i]);
    sk_free(&vm->env.hooks, (void *)vm->maps);
    sk_cpus_unref(vm->env.cpus);
}

skep_code sk_vm_take_maps(skep_vm *vm, skep_map *const *maps, size_t count, skep_cpus *cpus, skep_error *err)
{
    if (count == 0) {
        vm->env.cpus = cpus ? sk_cpus_ref(cpus) : NULL;
        return SKEP_OK;
    }
    vm->maps = sk_alloc_array(&vm->env.hooks, count, sizeof *vm->maps);
    if (!vm->maps)
        return sk_fail_memory(err);
    vm->env.maps = vm->maps;
    for (size_t i = 0; i < count; i++) {
        if (!cpus)
            cpus = maps[i]->cpus;
        if (maps[i]->cpus != cpus)
            return sk_fail(err, SKEP_ERR_ARGUMENT, "map %z, %s, has other cpus than the VM or the maps before it", i, maps[i]->name);
        vm->maps[vm->env.map_count++] = sk_map_ref(maps[i]);
    }
    if (cpus)
        vm->env.cpus = sk_cpus_ref(cpus);
    return SKEP_OK;
}

skep_code sk_vm_resolve_maps(const skep_vm *vm, struct sk_program *p, skep_error *err)
{
    for (uint32_t i = 0; i < p->count; i++) {
        struct sk_insn *insn = &p->insns[i];
        unsigned form = sk_op_infos[insn->op].form;
        if (form != SK_FORM_LDDW_ID && form != SK_FORM_LDDW_ID2)
            continue;
        uint32_t place = (uint32_t)insn->imm, offset = (uint32_t)((uint64_t)insn->imm >> 32);
        if (place >= vm->env.map_count)
            return sk_structural_refuse(p, i, err, "it refers to map %u, and the VM has %u", place, vm->env.map_count);
        uint64_t number = SK_MAP_HANDLE_TAG | place;
        if (form == SK_FORM_LDDW_ID2) {
            const skep_map *map = vm->maps[place];
            if (map->type != SKEP_MAP_ARRAY || map->max_entries != 1)
                return sk_structural_refuse(p, i, err, "it refers to a value of map %u, %s, which is not an array of one", place,
                                            map->name);
            if (offset >= map->value_size)
                return sk_structural_refuse(p, i, err, "offset %u is outside of the value of map %u, %s, which has %u bytes", offset,
                                            place, map->name, map->value_size);
            number = sk_addr(((const struct sk_array *)map)->values) + offset;
        }
        insn->op = SK_OP_LDDW;
        insn->imm = (int64_t)number;
    }
    return SKEP_OK;
}
