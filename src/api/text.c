/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Argument checks and lifetimes of assembler, disassembler, decoded view and builder. */
#include "text/text.h"

#include "base/error.h"
#include "base/fmt.h"
#include "program/builder.h"

/* The caller's options with the hooks resolved into *hooks. */
static skep_code take_options(skep_text_options *out, skep_hooks *hooks, const skep_text_options *given,
                              skep_error *err)
{
    if (!sk_options_copy(out, sizeof *out, given))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the text options have a size or members that this version lacks");
    if (!sk_hooks_resolve(hooks, out->hooks))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the hooks have a size or members that this version lacks");
    if (out->dialect != SKEP_MNEMONIC && out->dialect != SKEP_KERNEL)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no dialect %d", (int32_t)out->dialect);
    if (out->byte_order != SKEP_LITTLE_ENDIAN && out->byte_order != SKEP_BIG_ENDIAN)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no byte order %d", (int32_t)out->byte_order);
    return SKEP_OK;
}

/* Hands the buffer to the caller, or frees it. */
static skep_code give(struct sk_buf *buf, skep_code code, void **out, size_t *size, skep_error *err)
{
    size_t taken = 0;
    void *data = NULL;
    if (!code) {
        data = sk_buf_take(buf, &taken);
        if (!data)
            code = sk_fail_memory(err);
    }
    if (code) {
        sk_buf_free(buf);
        return code;
    }
    *out = data;
    if (size)
        *size = taken;
    return SKEP_OK;
}

skep_code skep_assemble(const char *text, size_t text_size, const skep_text_options *options, void **code,
                        size_t *code_size, skep_error *err)
{
    skep_text_options o;
    skep_hooks hooks;
    skep_code failed = take_options(&o, &hooks, options, err);
    if (failed)
        return failed;
    if ((!text && text_size) || !code || !code_size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "text and the places for the result must not be NULL");
    struct sk_buf out;
    sk_buf_init(&out, &hooks);
    failed = sk_assemble(&hooks, text, text_size, o.dialect, o.byte_order, &out, err);
    return give(&out, failed, code, code_size, err);
}

skep_code skep_disassemble(const void *code, size_t code_size, const skep_text_options *options, char **text,
                           size_t *text_size, skep_error *err)
{
    skep_text_options o;
    skep_hooks hooks;
    skep_code failed = take_options(&o, &hooks, options, err);
    if (failed)
        return failed;
    if ((!code && code_size) || !text)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "code and the place for the result must not be NULL");
    struct sk_buf out;
    void *result;
    sk_buf_init(&out, &hooks);
    failed = sk_disassemble(code, code_size, o.dialect, o.byte_order, &out, err);
    failed = give(&out, failed, &result, text_size, err);
    if (!failed)
        *text = result;
    return failed;
}

/* Decodes at `pc`, which is in range. A reserved field that is not zero does not matter here. */
static skep_code decode(const uint8_t *code, uint32_t slots, skep_byte_order order, uint32_t pc, skep_insn *out,
                        skep_error *err)
{
    struct sk_insn insn;
    const char *field;
    struct sk_slot slot = sk_slot_read(code + (size_t)pc * 8, order);
    enum sk_decode_status status = sk_decode(code, slots, order, pc, &insn, &field);
    if (status == SK_DECODE_OPCODE)
        return sk_fail_at(err, SKEP_ERR_INVALID, pc, "instruction %u: no instruction has the opcode 0x%02x", pc,
                          (uint32_t)slot.opcode);
    if (status == SK_DECODE_SELECTOR)
        return sk_fail_at(err, SKEP_ERR_INVALID, pc, "instruction %u: opcode 0x%02x has no meaning with this %s", pc,
                          (uint32_t)slot.opcode, field);
    if (status == SK_DECODE_CUT)
        return sk_fail_at(err, SKEP_ERR_INVALID, pc,
                          "instruction %u: opcode 0x%02x takes two slots, the second with opcode 0", pc,
                          (uint32_t)slot.opcode);
    const struct sk_op_info *info = &sk_op_infos[insn.op];
    bool wide = sk_form_is_wide(info->form);
    *out = (skep_insn){
        .pc = pc,
        .slots = wide ? 2 : 1,
        .opcode = slot.opcode,
        .dst = insn.dst,
        .src = slot.src,
        .off = slot.off,
        .imm = wide || info->selector != SK_SEL_IMM ? insn.imm : slot.imm,
        .name = info->name,
        .meaning = info->synopsis,
        .group = sk_group_name(info->group),
    };
    return SKEP_OK;
}

static skep_code check_program(const void *code, size_t code_size, skep_error *err)
{
    if (!code && code_size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "code must not be NULL");
    if (code_size % 8)
        return sk_fail_at(err, SKEP_ERR_INVALID, code_size / 8,
                          "a program of %z bytes does not consist of 8-byte slots", code_size);
    if (code_size / 8 > UINT32_MAX)
        return sk_fail(err, SKEP_ERR_INVALID, "a program of %z bytes is too long", code_size);
    return SKEP_OK;
}

skep_code skep_insn_decode(const void *code, size_t code_size, skep_byte_order order, uint32_t pc, skep_insn *insn,
                           skep_error *err)
{
    skep_code failed = check_program(code, code_size, err);
    if (failed)
        return failed;
    if (!insn || (order != SKEP_LITTLE_ENDIAN && order != SKEP_BIG_ENDIAN))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "bad byte order, or no place for the result");
    if (pc >= code_size / 8)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "slot %u is not in a program of %z slots", pc, code_size / 8);
    return decode(code, (uint32_t)(code_size / 8), order, pc, insn, err);
}

skep_code skep_insn_list(const void *code, size_t code_size, const skep_text_options *options, skep_insn **insns,
                         size_t *count, skep_error *err)
{
    skep_text_options o;
    skep_hooks hooks;
    skep_code failed = take_options(&o, &hooks, options, err);
    if (!failed)
        failed = check_program(code, code_size, err);
    if (failed)
        return failed;
    if (!insns || !count)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the places for the result must not be NULL");
    struct sk_buf out;
    sk_buf_init(&out, &hooks);
    uint32_t slots = (uint32_t)(code_size / 8);
    for (uint32_t pc = 0; pc < slots && !failed;) {
        skep_insn insn;
        failed = decode(code, slots, o.byte_order, pc, &insn, err);
        if (!failed) {
            sk_buf_add(&out, &insn, sizeof insn);
            pc += insn.slots;
        }
    }
    size_t size;
    void *result;
    failed = give(&out, failed, &result, &size, err);
    if (!failed) {
        *insns = result;
        *count = size / sizeof(skep_insn);
    }
    return failed;
}

size_t skep_insn_format(const skep_insn *insn, skep_dialect dialect, char *out, size_t size)
{
    uint8_t bytes[16];
    struct sk_slot first = {.opcode = insn->opcode,
                            .dst = insn->dst & 15,
                            .src = insn->src & 15,
                            .off = insn->off,
                            .imm = (int32_t)insn->imm};
    struct sk_slot second = {.opcode = 0};
    struct sk_insn decoded;
    sk_slot_write(bytes, first, SKEP_LITTLE_ENDIAN);
    sk_slot_write(bytes + 8, second, SKEP_LITTLE_ENDIAN);
    enum sk_decode_status status = sk_decode(bytes, 2, SKEP_LITTLE_ENDIAN, 0, &decoded, NULL);
    if (status != SK_DECODE_OK && status != SK_DECODE_RESERVED)
        return sk_snfmt(out, size, "unknown instruction 0x%02x", (uint32_t)insn->opcode);
    if (sk_form_is_wide(sk_op_infos[decoded.op].form))
        decoded.imm = insn->imm;
    return sk_insn_text(&decoded, dialect, out, size);
}

skep_code skep_builder_create(const skep_hooks *hooks, skep_builder **builder, skep_error *err)
{
    skep_hooks resolved;
    if (!builder)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the place for the builder must not be NULL");
    if (!sk_hooks_resolve(&resolved, hooks))
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the hooks have a size or members that this version lacks");
    skep_builder *b = sk_alloc(&resolved, sizeof *b);
    if (!b)
        return sk_fail_memory(err);
    sk_builder_init(b, &resolved);
    *builder = b;
    return SKEP_OK;
}

void skep_builder_free(skep_builder *builder)
{
    if (!builder)
        return;
    skep_hooks hooks = builder->hooks;
    sk_builder_clear(builder);
    sk_free(&hooks, builder);
}

skep_builder *skep_builder_emit(skep_builder *builder, const skep_slot *slots, size_t count)
{
    if (builder)
        sk_builder_emit(builder, slots, count);
    return builder;
}

skep_builder *skep_builder_emit_to(skep_builder *builder, const char *label, const skep_slot *slots, size_t count)
{
    if (builder)
        sk_builder_emit_to(builder, label, slots, count);
    return builder;
}

skep_builder *skep_label(skep_builder *builder, const char *name)
{
    if (builder)
        sk_builder_label(builder, name);
    return builder;
}

skep_code skep_builder_finish(skep_builder *builder, skep_byte_order order, void **code, size_t *code_size,
                              skep_error *err)
{
    if (!builder || !code || !code_size)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "the builder and the places for the result must not be NULL");
    if (order != SKEP_LITTLE_ENDIAN && order != SKEP_BIG_ENDIAN)
        return sk_fail(err, SKEP_ERR_ARGUMENT, "there is no byte order %d", (int32_t)order);
    return sk_builder_finish(builder, order, code, code_size, err);
}
