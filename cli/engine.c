/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What runs a program: the interpreter, or machine code. Who asks for machine code gets it or an error; who leaves the
 * choice gets it where it pays and can be had.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

enum { PASSES_MOST = sizeof((skep_jit_stats *)NULL)->ns / sizeof((skep_jit_stats *)NULL)->ns[0] };

enum engine engine_argument(struct argp_state *state, const char *text, bool may_be_auto)
{
    if (strcmp(text, "interp") == 0)
        return ENGINE_INTERP;
    if (strcmp(text, "jit") == 0)
        return ENGINE_JIT;
    if (!may_be_auto || strcmp(text, "auto") != 0)
        argp_error(state, "--engine: '%s' is none of interp, jit%s", text, may_be_auto ? ", auto" : "");
    return ENGINE_AUTO;
}

skep_code settle_engine(skep_vm *vm, enum engine *engine, bool pays, bool blind, skep_error *err)
{
    const skep_jit_options options = {.size = sizeof options, .blind = blind};
    skep_code code = SKEP_OK;
    if (*engine == ENGINE_INTERP || (*engine == ENGINE_AUTO && !pays)) {
        *engine = ENGINE_INTERP;
        return SKEP_OK;
    }
    code = skep_vm_jit_compile(vm, &options, err);
    if (code != SKEP_OK && *engine == ENGINE_JIT)
        return code;
    *engine = code == SKEP_OK ? ENGINE_JIT : ENGINE_INTERP;
    return SKEP_OK;
}

const char *engine_name(enum engine engine) { return engine == ENGINE_JIT ? "jit" : "interp"; }

void print_jit_stats(const skep_vm *vm)
{
    skep_jit_stats stats = {.size = sizeof stats};
    skep_error err;
    if (skep_vm_jit_stats(vm, &stats, &err) != SKEP_OK) {
        puts("no machine code");
        return;
    }
    uint64_t ns = 0;
    printf("%zu bytes of machine code for %u instructions; %u accesses, %u guards\n", stats.code_size,
           stats.instructions, stats.accesses, stats.guards);
    for (unsigned i = 0; i < PASSES_MOST && skep_jit_pass_name(i); i++)
        ns += stats.ns[i];
    printf("compiled in %.1f us:", (double)ns / 1000);
    for (unsigned i = 0; i < PASSES_MOST && skep_jit_pass_name(i); i++)
        printf("%s %s %.1f", i ? "," : "", skep_jit_pass_name(i), (double)stats.ns[i] / 1000);
    putchar('\n');
}

json_t *jit_stats_json(const skep_vm *vm)
{
    skep_jit_stats stats = {.size = sizeof stats};
    if (skep_vm_jit_stats(vm, &stats, NULL) != SKEP_OK)
        return json_null();
    json_t *json = json_object(), *passes = json_object();
    json_object_set_new(json, "bytes", json_integer((json_int_t)stats.code_size));
    json_object_set_new(json, "instructions", json_integer(stats.instructions));
    json_object_set_new(json, "accesses", json_integer(stats.accesses));
    json_object_set_new(json, "guards", json_integer(stats.guards));
    for (unsigned i = 0; i < PASSES_MOST && skep_jit_pass_name(i); i++)
        json_object_set_new(passes, skep_jit_pass_name(i), json_integer((json_int_t)stats.ns[i]));
    json_object_set_new(json, "pass_ns", passes);
    return json;
}
