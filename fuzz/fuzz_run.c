/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Any bytes as a program: refused, or run beside the reference interpreter with the same outcome {code, pc, address, executed,
 * r0, memory}. The first byte says what kind of VM and how the rest becomes a program:
 *   bits 0-1  kind        bit 2  read-only packet       bits 3-4  how: 0 the bytes themselves, else each eight bytes are
 *   bent into an instruction that exists (1: with its own numbers, 2: with small ones, so that accesses and jumps hit),
 *   3: a program made at random from the first eight, over which the others are laid.
 * The second byte is the packet's size, the third the budget.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/differential.h"
#include "../tests/random_program.h"
#include "isa/insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_BYTES (RANDOM_MOST_SLOTS * 8)

static size_t bend(const uint8_t *data, size_t count, bool small, uint8_t *code)
{
    size_t size = 0;
    for (size_t i = 0; i < count && size + 24 < MOST_BYTES; i++) {
        const uint8_t *d = data + i * 8;
        int32_t imm = (int32_t)((uint32_t)d[4] | (uint32_t)d[5] << 8 | (uint32_t)d[6] << 16 | (uint32_t)d[7] << 24);
        struct sk_insn insn = {.op = d[0] % SK_OP_COUNT, .dst = (d[1] & 15) % 11, .src = (d[1] >> 4) % 11,
                               .off = (int16_t)(d[2] | d[3] << 8), .imm = imm};
        const struct sk_op_info *info = &sk_op_infos[insn.op];
        if ((info->effects & SK_W_DST) && insn.dst == 10)
            insn.dst = 0;
        if ((info->effects & SK_W_SRC) && insn.src == 10)
            insn.src = 0;
        if (info->form == SK_FORM_LDDW)
            insn.imm = (int64_t)((uint64_t)(int64_t)imm * UINT64_C(0x9e3779b97f4a7c15));
        if (small) {
            insn.off = (int8_t)d[2] % 20;
            if (info->effects & (SK_E_JUMP | SK_E_CALL) || info->form == SK_FORM_LDDW_FUNC)
                insn.imm = imm % 8;
            else
                insn.imm = imm >> (d[3] & 31);
        }
        size += 8 * sk_encode(&insn, SKEP_LITTLE_ENDIAN, code + size);
    }
    code[size] = 0x95;
    memset(code + size + 1, 0, 7);
    return size + 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t code[MOST_BYTES];
    uint8_t packet[DIFFERENTIAL_MOST];
    char why[1024];
    if (size < 3)
        return 0;
    for (size_t i = 0; i < sizeof packet; i++)
        packet[i] = (uint8_t)(i * 37 + 1);
    struct differential input = {.kind = (skep_kind)(data[0] & 3), .read_only = data[0] >> 2 & 1, .packet = packet,
                                 .packet_size = data[1], .budget = 1 + 8u * data[2], .code = code};
    const unsigned how = data[0] >> 3 & 3;
    data += 3;
    size -= 3;
    if (size > MOST_BYTES)
        size = MOST_BYTES;
    if (how == 0) {
        memcpy(code, data, size);
        input.code_size = size;
    } else if (how < 3) {
        input.code_size = bend(data, size / 8, how == 2, code);
    } else {
        uint64_t seed = 0;
        memcpy(&seed, data, size < 8 ? size : 8);
        input.code_size = random_program(seed, RANDOM_WILD, code) * 8u;
        for (size_t i = 8; i + 3 <= size; i += 3) /* two bytes say where, one what */
            code[(data[i] | (size_t)data[i + 1] << 8) % input.code_size] = data[i + 2];
    }
    if (differential_run(&input, why, sizeof why) == DIFFERENTIAL_DIFFERENT) {
        fprintf(stderr, "%s\n", why);
        abort();
    }
    return 0;
}
