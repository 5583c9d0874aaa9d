/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "interp/step.h"

#include "base/fmt.h"
#include "context/fields.h"
#include "interp/bodies.h"

/* How many bytes the instruction moves; 0: it is no access. */
static const uint8_t access_size[SK_OP_COUNT] = {
#define SK_ALU(name, expression)
#define SK_UNARY(name, op, expression)
#define SK_DIV(name, type, utype, expression)
#define SK_LOAD(name, op, bytes, expression) [SK_OP_##op] = bytes,
#define SK_STORE(size, bytes, bits) [SK_OP_ST##size] = bytes, [SK_OP_STX##size] = bytes,
#define SK_JUMP(name, type64, type32, expression)
#define SK_ATOMIC(name, access, bytes, type, expression, result) [SK_OP_##name] = bytes,
#define SK_OTHER(name)
#include "interp/iop.def"
#undef SK_LOAD
#undef SK_STORE
#undef SK_ATOMIC
};

static bool refuse_access(skep_run *run, uint64_t address, unsigned bytes, bool write, bool atomic)
{
    const struct sk_fields *f = run->fields;
    const int64_t offset = (int64_t)(address - run->context);
    if (atomic)
        sk_snfmt(run->message, sizeof run->message, "%s is no memory for atomic accesses", f->name);
    else if (f->any_size && offset >= 0 && (uint64_t)offset + bytes > run->context_size)
        sk_snfmt(run->message, sizeof run->message, "%u bytes at offset %D of %s, which has %U", bytes, offset, f->name,
                 run->context_size);
    else
        sk_snfmt(run->message, sizeof run->message, "%s has no field at offset %D of %u byte%s that may be %s", f->name, offset,
                 bytes, bytes == 1 ? "" : "s", write ? "written" : "read");
    run->fault_size = bytes;
    run->fault_write = write;
    return sk_run_fault(run, SKEP_ERR_ACCESS, address);
}

static uint64_t load_field(const void *p, unsigned bytes, bool is_signed)
{
    switch (bytes) {
    case 1: return is_signed ? (uint64_t)(int8_t)sk_load8(p) : sk_load8(p);
    case 2: return is_signed ? (uint64_t)(int16_t)sk_load16(p) : sk_load16(p);
    case 4: return is_signed ? (uint64_t)(int32_t)sk_load32(p) : sk_load32(p);
    default: return sk_load64(p);
    }
}

static void store_field(void *p, unsigned bytes, uint64_t value)
{
    switch (bytes) {
    case 1: sk_store8(p, (uint8_t)value); break;
    case 2: sk_store16(p, (uint16_t)value); break;
    case 4: sk_store32(p, (uint32_t)value); break;
    default: sk_store64(p, value); break;
    }
}

static bool step_context(skep_run *run, const struct sk_insn *insn, uint64_t address)
{
    const unsigned form = sk_op_infos[insn->op].form, bytes = access_size[insn->op];
    const bool is_signed = insn->op == SK_OP_LDXSB || insn->op == SK_OP_LDXSH || insn->op == SK_OP_LDXSW;
    const bool plain = form == SK_FORM_LDX || form == SK_FORM_ST || form == SK_FORM_STX, write = form != SK_FORM_LDX;
    const int64_t offset = (int64_t)(address - run->context);
    struct sk_field_access to;
    if (!plain || !sk_fields_find(run->fields, offset, bytes, write, is_signed, &to) ||
        (run->fields->is_memory && (uint64_t)offset + bytes > run->context_size))
        return refuse_access(run, address, bytes, write, !plain);
    void *p = sk_ptr(run->context + to.offset);
    if (!write) {
        run->regs[insn->dst] = load_field(p, to.bytes, is_signed);
        return true;
    }
    const uint64_t value = form == SK_FORM_ST ? (uint64_t)insn->imm : run->regs[insn->src];
    if (to.how != SK_FIELD_QUEUE || (uint32_t)value < UINT16_MAX)
        store_field(p, to.bytes, value);
    return true;
}

bool sk_step(skep_run *run, const struct sk_image *image, uint32_t index)
{
    const struct sk_program *p = image->program;
    const struct sk_insn *insn = &p->insns[index];
    const unsigned form = sk_op_infos[insn->op].form;
    const bool base_is_src = form == SK_FORM_LDX || form == SK_FORM_LDX_ACQ;
    const uint64_t address = run->regs[base_is_src ? insn->src : insn->dst] + (uint64_t)(int64_t)insn->off;
    const unsigned fact = p->facts ? p->facts[index].kind : SK_FACT_NONE;
    if (fact == SK_FACT_REFUSED || (fact == SK_FACT_STEP && sk_run_in_context(run, address)))
        return step_context(run, insn, address);
    struct sk_icode code = {0, insn->dst, insn->src, insn->off, insn->imm};
    uint64_t acc;
    if (form == SK_FORM_LDX_ACQ) {
        code.dst = insn->src;
        code.src = insn->dst;
    }
#define EITHER(name, checked, plain)                                                                                 \
    case SK_OP_##name: return image->guarded ? do_##checked(&code, run->regs, &acc, run) : do_##plain(&code, run->regs, &acc, run);
    switch ((enum sk_op)insn->op) {
#define SK_LOAD(name, op, bytes, expression) EITHER(op, name##_GM, name##_TM)
#define SK_STORE(size, bytes, bits)                                                                                    \
    EITHER(ST##size, ST##size##_GM, ST##size##_TM) EITHER(STX##size, STX##size##_GMM, STX##size##_TMM)
#define SK_ATOMIC(name, access, bytes, type, expression, result) EITHER(name, name##_G, name##_T)
#include "interp/iop.def"
    default: return sk_run_fault(run, SKEP_ERR_UNSUPPORTED, 0); /* it is no access */
    }
}
