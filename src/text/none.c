/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Builds without assembler and disassembler (SKEP_NO_TEXT): messages name an instruction without its operands. */
#include "text/text.h"

#ifdef SKEP_NO_TEXT
#include "base/fmt.h"

size_t sk_insn_text(const struct sk_insn *insn, skep_dialect dialect, char *out, size_t size)
{
    (void)dialect;
    return sk_snfmt(out, size, "%s", sk_op_infos[insn->op].name);
}
#endif
