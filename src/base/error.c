/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/error.h"

#include "base/fmt.h"

void sk_error_clear(skep_error *err)
{
    if (!err)
        return;
    memset(err, 0, sizeof *err);
    err->pc = SKEP_NO_PC;
}

static skep_code fail(skep_error *err, skep_code code, uint64_t pc, const char *format, va_list args)
{
    if (err) {
        sk_error_clear(err);
        err->code = code;
        err->pc = pc;
        sk_vsnfmt(err->message, sizeof err->message, format, args);
    }
    return code;
}

skep_code sk_fail(skep_error *err, skep_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(err, code, SKEP_NO_PC, format, args);
    va_end(args);
    return code;
}

skep_code sk_fail_at(skep_error *err, skep_code code, uint64_t pc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(err, code, pc, format, args);
    va_end(args);
    return code;
}

skep_code sk_fail_text(skep_error *err, uint32_t line, uint32_t column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(err, SKEP_ERR_SYNTAX, SKEP_NO_PC, format, args);
    va_end(args);
    if (err) {
        err->line = line;
        err->column = column;
    }
    return SKEP_ERR_SYNTAX;
}

skep_code sk_fail_memory(skep_error *err) { return sk_fail(err, SKEP_ERR_MEMORY, "out of memory"); }

const char *skep_code_name(skep_code code)
{
    switch (code) {
    case SKEP_OK: return "ok";
    case SKEP_ERR_ARGUMENT: return "bad argument";
    case SKEP_ERR_MEMORY: return "out of memory";
    case SKEP_ERR_STATE: return "wrong state";
    case SKEP_ERR_UNSUPPORTED: return "not supported";
    case SKEP_ERR_NOT_FOUND: return "not found";
    case SKEP_ERR_SYNTAX: return "syntax error";
    case SKEP_ERR_OBJECT: return "bad object file";
    case SKEP_ERR_INVALID: return "invalid program";
    case SKEP_ERR_REFUSED: return "program refused";
    case SKEP_ERR_IO: return "input or output failed";
    case SKEP_ERR_CPUS: return "no free cpu";
    case SKEP_ERR_ACCESS: return "invalid memory access";
    case SKEP_ERR_ALIGN: return "unaligned atomic access";
    case SKEP_ERR_BUDGET: return "instruction budget exhausted";
    case SKEP_ERR_DEPTH: return "call depth exceeded";
    case SKEP_ERR_CALL: return "call to an unknown function";
    case SKEP_ERR_HELPER: return "a helper failed the run";
    }
    return "unknown code";
}
