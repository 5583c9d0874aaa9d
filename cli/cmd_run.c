/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * `skep run`: the command line, and a single run. Options that do not go together are usage errors before any file is
 * opened. With --json a failure is JSON on standard output, too.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    KEY_SECTION = 256,
    KEY_PROGRAM,
    KEY_KIND,
    KEY_DATA_OFFSET,
    KEY_DATA_END_OFFSET,
    KEY_MEM,
    KEY_MBUFF,
    KEY_PCAP,
    KEY_WRITE,
    KEY_POLICY,
    KEY_BUDGET,
    KEY_ENGINE,
    KEY_BLIND,
    KEY_DIALECT,
    KEY_BIG_ENDIAN,
    KEY_REPEAT,
    KEY_STATS,
    KEY_JSON,
    KEY_CTX,
    KEY_BTF,
    KEY_CPUS,
    KEY_TIME,
    KEY_RANDOM,
    KEY_TRACE_LOG,
    KEY_SET,
    KEY_GET,
    KEY_GLOBALS,
    KEY_MAPS,
    KEY_MAP
};

static const struct argp_option options[] = {
    {NULL, 0, NULL, 0, "The program:", 1},
    {"section", KEY_SECTION, "NAME", 0, "Of an object: the program of this section", 1},
    {"program", KEY_PROGRAM, "NAME", 0, "Of an object: the program of this name", 1},
    {"dialect", KEY_DIALECT, "NAME", 0, "What a text is written in: mnemonic (the default) or kernel", 1},
    {"big-endian", KEY_BIG_ENDIAN, NULL, 0, "Bytes are for big-endian machines (objects say so themselves)", 1},
    {NULL, 0, NULL, 0, "What it gets:", 2},
    {"kind", KEY_KIND, "KIND", 0, "What r1 is. none: 0. raw: the memory or packet, and r2 its length. mbuff: the "
     "metadata buffer of --mbuff. fixed: a metadata buffer of the library's. Or one of Linux's contexts: xdp, sched_cls, "
     "socket_filter, cgroup_skb, lwt, sk_skb, kprobe, kprobe_arm64, tracepoint, raw_tracepoint, perf_event, syscall. "
     "Default: what the other options ask for, or what the object's section stands for", 2},
    {"ctx", KEY_CTX, "FILE|HEX", 0, "Linux's contexts: their bytes, as struct pt_regs or __sk_buff. Default: zeros", 2},
    {"mem", KEY_MEM, "FILE|HEX", 0, "The memory: hex pairs, or else a file with its bytes (./ab for a file named ab)",
     2},
    {"mbuff", KEY_MBUFF, "FILE|HEX", 0, "The metadata buffer", 2},
    {"data-offset", KEY_DATA_OFFSET, "N", 0, "Where in the metadata buffer the address of the memory or packet goes, "
     "as 8 bytes (fixed: 0 when not given)", 2},
    {"data-end-offset", KEY_DATA_END_OFFSET, "N", 0, "And where the address of its end goes (fixed: 8)", 2},
    {"pcap", KEY_PCAP, "FILE|-", 0, "Run once for each packet of a capture, as the memory; r0 is its verdict", 2},
    {"write", KEY_WRITE, "FILE", 0, "Write the packets that the verdict lets pass (not 0, where it has no names), as the "
     "program left them", 2},
    {"btf", KEY_BTF, "kernel|FILE|none", 0, "Types that CO-RE relocations are resolved against: this kernel's, or those of "
     "a file. none: the object's own (the default)", 2},
    {"set", KEY_SET, "NAME=VALUE", 0, "Before the run, set a global variable of the object: a number, an enumerator's name, "
     "true or false, text for an array of char, hex pairs for all else", 2},
    {"cpus", KEY_CPUS, "N", 0, "Per-cpu maps have so many values. Default: the machine's", 2},
    {"time", KEY_TIME, "NS", 0, "Clocks stand still at this time", 2},
    {"random", KEY_RANDOM, "SEED", 0, "Random numbers are the same each time", 2},
    {NULL, 0, NULL, 0, "How it runs:", 3},
    {"policy", KEY_POLICY, "NAME", 0, "guarded: every access is checked (the default). trusted: none is. strict: the "
     "program must be proven safe first (not in this version)", 3},
    {"budget", KEY_BUDGET, "N", 0, "End a run that needs more instructions; 0: never. Default: 1000000000", 3},
    {"engine", KEY_ENGINE, "NAME", 0, "interp: the interpreter. jit: machine code, or an error where there is none. "
     "auto: machine code for a capture or --repeat, if there is some (the default)", 3},
    {"blind", KEY_BLIND, NULL, 0, "In machine code, let no constant stand as the program chose it", 3},
    {"repeat", KEY_REPEAT, "N", 0, "Run N times and tell the time; results are of the first time", 3},
    {NULL, 0, NULL, 0, "What it says:", 4},
    {"json", KEY_JSON, NULL, 0, "Write JSON", 4},
    {"get", KEY_GET, "NAME", 0, "Then show a global variable of the object", 4},
    {"globals", KEY_GLOBALS, NULL, 0, "Show all of them", 4},
    {"map", KEY_MAP, "NAME", 0, "Show what is in a map of the object", 4},
    {"maps", KEY_MAPS, NULL, 0, "Show all of them", 4},
    {"trace-log", KEY_TRACE_LOG, "FILE", 0, "Where what programs print goes. Default: standard error", 4},
    {"stats", KEY_STATS, NULL, 0, "Tell the size of the machine code, its guards, and the time of each pass in us "
     "(auto then takes machine code)", 4},
    {"verdicts", 'v', NULL, 0, "With --pcap, a line for each packet: number, time, length, verdict; otherwise describe "
     "the machine on standard error", 4},
    {"verbose", 0, NULL, OPTION_ALIAS, NULL, 4},
    {0}};

/* What the options leave open, and what does not go together. */
static void complete(struct run_options *o, struct argp_state *state)
{
    bool offsets = o->data_given || o->data_end_given;
    if (!o->input)
        argp_error(state, "which program? Give an object, bytes or a text, or - for standard input");
    if (o->only_maps && o->map_name_count == 0)
        o->all_maps = true;
    if (o->ctx && (o->mbuff || offsets))
        argp_error(state, "--ctx is for Linux's contexts, --mbuff and its offsets are for others");
    if (!o->kind_given)
        o->kind = o->mbuff ? SKEP_MBUFF : offsets ? SKEP_FIXED_MBUFF : o->mem || o->pcap ? SKEP_RAW : SKEP_NO_DATA;
    if (o->mem && o->pcap)
        argp_error(state, "--mem and --pcap: the packets of a capture are the memory");
    if (o->kind == SKEP_NO_DATA && (o->mem || o->pcap))
        argp_error(state, "--kind none takes no %s", o->mem ? "--mem" : "--pcap");
    if ((o->kind == SKEP_MBUFF) != (o->mbuff != NULL))
        argp_error(state, "--kind mbuff and --mbuff go together");
    if (offsets && o->kind != SKEP_MBUFF && o->kind != SKEP_FIXED_MBUFF)
        argp_error(state, "--data-offset and --data-end-offset are for metadata buffers");
    if (o->write && !o->pcap)
        argp_error(state, "--write needs --pcap");
    if (o->write && strcmp(o->write, "-") == 0)
        argp_error(state, "--write: standard output is for the counts; give a file");
    if (o->stats && o->engine == ENGINE_INTERP)
        argp_error(state, "--stats is about machine code, which --engine interp does without");
    if (o->blind && o->engine == ENGINE_INTERP)
        argp_error(state, "--blind is about machine code, which --engine interp does without");
    const char *const inputs[] = {o->input, o->mem, o->mbuff, o->pcap, o->ctx, o->program.btf};
    int on_stdin = 0;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        on_stdin += inputs[i] && strcmp(inputs[i], "-") == 0;
    if (on_stdin > 1)
        argp_error(state, "only one of program, memory, metadata buffer, context, types and capture can be on standard input");
    if (!o->data_end_given && o->kind == SKEP_FIXED_MBUFF)
        o->data_end_offset = o->data_given ? o->data_offset + 8 : 8;
}

static void add_name(struct argp_state *state, const char **names, size_t *count, const char *option, const char *name)
{
    if (*count == NAMES_MOST)
        argp_error(state, "%s: more than %d of them", option, NAMES_MOST);
    names[(*count)++] = name;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct run_options *o = state->input;
    switch (key) {
    case KEY_SECTION: o->program.section = argument; return 0;
    case KEY_PROGRAM: o->program.name = argument; return 0;
    case KEY_DIALECT: o->program.dialect = dialect_argument(state, argument); return 0;
    case KEY_BIG_ENDIAN: o->program.byte_order = SKEP_BIG_ENDIAN; return 0;
    case KEY_KIND:
        o->kind = kind_argument(state, argument);
        o->kind_given = true;
        return 0;
    case KEY_MEM: o->mem = argument; return 0;
    case KEY_MBUFF: o->mbuff = argument; return 0;
    case KEY_DATA_OFFSET:
        o->data_offset = (size_t)number_argument(state, "--data-offset", argument, 1u << 20);
        o->data_given = true;
        return 0;
    case KEY_DATA_END_OFFSET:
        o->data_end_offset = (size_t)number_argument(state, "--data-end-offset", argument, 1u << 20);
        o->data_end_given = true;
        return 0;
    case KEY_PCAP: o->pcap = argument; return 0;
    case KEY_WRITE: o->write = argument; return 0;
    case KEY_POLICY: o->policy = policy_argument(state, argument); return 0;
    case KEY_BUDGET:
        o->budget = number_argument(state, "--budget", argument, UINT64_MAX);
        if (o->budget == 0)
            o->budget = SKEP_BUDGET_NONE;
        return 0;
    case KEY_ENGINE: o->engine = engine_argument(state, argument, true); return 0;
    case KEY_BLIND: o->blind = true; return 0;
    case KEY_STATS: o->stats = true; return 0;
    case KEY_REPEAT:
        o->repeat = number_argument(state, "--repeat", argument, 1000000000000u);
        if (o->repeat == 0)
            argp_error(state, "--repeat: at least once");
        return 0;
    case KEY_JSON: o->json = true; return 0;
    case KEY_CTX: o->ctx = argument; return 0;
    case KEY_BTF: o->program.btf = strcmp(argument, "none") == 0 ? NULL : argument; return 0;
    case KEY_CPUS:
        o->program.cpu_count = (uint32_t)number_argument(state, "--cpus", argument, SKEP_MAX_CPUS);
        if (o->program.cpu_count == 0)
            argp_error(state, "--cpus: at least one");
        return 0;
    case KEY_TIME:
        o->time = number_argument(state, "--time", argument, UINT64_MAX);
        o->time_given = true;
        return 0;
    case KEY_RANDOM:
        o->random = number_argument(state, "--random", argument, UINT64_MAX);
        o->random_given = true;
        return 0;
    case KEY_SET:
        if (!strchr(argument, '=') || argument[0] == '=')
            argp_error(state, "--set: '%s' is not NAME=VALUE", argument);
        add_name(state, o->sets, &o->set_count, "--set", argument);
        return 0;
    case KEY_GET: add_name(state, o->gets, &o->get_count, "--get", argument); return 0;
    case KEY_MAP: add_name(state, o->map_names, &o->map_name_count, "--map", argument); return 0;
    case KEY_GLOBALS: o->all_globals = true; return 0;
    case KEY_MAPS: o->all_maps = true; return 0;
    case KEY_TRACE_LOG: o->trace_log = argument; return 0;
    case 'v': o->verbose = true; return 0;
    case ARGP_KEY_ARG:
        if (o->input)
            argp_error(state, "one program at a time: '%s' is the second", argument);
        o->input = argument;
        return 0;
    case ARGP_KEY_END: complete(o, state); return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

static char *run_help_filter(int key, const char *text, void *input)
{
    char *with_helpers = NULL;
    if (key != ARGP_KEY_HELP_POST_DOC || asprintf(&with_helpers, "%s\n\n%s", stock_helpers_help, text) < 0)
        return help_filter(key, text, input);
    return with_helpers; /* argp frees it */
}

static const struct argp parser = {
    options, parse, "FILE|-",
    "Run an eBPF program: FILE is an object (ELF, as clang -target bpf writes it), a text that `skep asm` takes, or a "
    "program's bytes; which one is seen from its contents. Without a capture r0 is printed, in decimal and hex; over a "
    "capture, how many packets got which verdict."
    "\vExamples:\n"
    "  skep run add.s\n"
    "  skep run classifier.o --mem 'aa bb 11 cc dd'\n"
    "  skep run filter.o --section filter --pcap traffic.pcap --write kept.pcap\n"
    "  tcpdump -c 1000 -w - | skep run filter.o --pcap - --json\n"
    "  skep run block_port.o --data-offset 0x40 --data-end-offset 0x50 --pcap traffic.pcap\n\n"
    "Exit status: 0 ok, 1 the program or an input was refused or a run failed, 2 the command line is wrong.",
    NULL, run_help_filter, NULL};

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

json_t *program_json(const struct runner *r)
{
    static const char *const types[] = {"bytes", "text", "object"};
    json_t *json = json_object();
    json_object_set_new(json, "file", json_text(r->options->input));
    json_object_set_new(json, "type", json_text(types[r->program->type]));
    if (r->program->info.name) {
        json_object_set_new(json, "name", json_text(r->program->info.name));
        json_object_set_new(json, "section", json_text(r->program->info.section));
    }
    json_object_set_new(json, "bytes", json_integer((json_int_t)r->program->info.code_size));
    return json;
}

/* In machine code, over the memory of the run before: that one is prepared once and entered again. */
static skep_code run_prepared(struct runner *r, const skep_exec_options *exec, uint64_t *result, skep_error *err)
{
    if (!r->prepared) {
        skep_code failed = skep_run_prepare(r->vm, exec, &r->prepared, err);
        if (failed)
            return failed;
        r->function = skep_vm_jit_function(r->vm);
    }
    uint64_t r0 = r->function(r->prepared);
    skep_code code = skep_run_outcome(r->prepared, err);
    if (code == SKEP_OK)
        *result = r0;
    return code;
}

skep_code run_once(struct runner *r, void **packet, size_t *packet_size, uint64_t *result, skep_error *err)
{
    const struct run_options *o = r->options;
    void *mem = *packet;
    size_t size = *packet_size;
    const struct packet_room room = packet_room(r->kind, size);
    skep_exec_options exec = {.size = sizeof exec,
                              .mem = mem,
                              .mem_size = size,
                              .script = o->time_given || o->random_given ? &r->script : NULL,
                              .workspace = r->workspace,
                              .workspace_size = r->workspace_size,
                              .executed = &r->executed};
    if (is_packet_kind(r->kind)) {
        exec.headroom = room.head;
        exec.tailroom = room.tail;
        exec.packet = packet;
        exec.packet_size = packet_size;
    }
    if (is_linux_kind(r->kind) && r->mbuff.size) {
        memcpy(r->scratch, r->mbuff.data, r->mbuff.size);
        exec.mbuff = r->scratch;
        exec.mbuff_size = r->mbuff.size;
    }
    if (r->kind == SKEP_MBUFF) {
        uint64_t begin = (uint64_t)(uintptr_t)mem, end = begin + size;
        if (r->mbuff.size)
            memcpy(r->scratch, r->mbuff.data, r->mbuff.size);
        if (o->data_given)
            memcpy(r->scratch + o->data_offset, &begin, sizeof begin);
        if (o->data_end_given)
            memcpy(r->scratch + o->data_end_offset, &end, sizeof end);
        exec.mbuff = r->scratch;
        exec.mbuff_size = r->mbuff.size;
    }
    if (r->engine == ENGINE_INTERP)
        return skep_vm_exec(r->vm, &exec, result, err);
    /* For another packet each time, beginning anew is quicker than changing a prepared run. */
    return o->pcap || is_linux_kind(r->kind) ? skep_vm_exec_jit(r->vm, &exec, result, err)
                                             : run_prepared(r, &exec, result, err);
}

int run_single(struct runner *r)
{
    const struct run_options *o = r->options;
    struct blob given = {0};
    uint64_t result = 0, executed = 0, unused;
    skep_error err;
    if (o->mem && !read_hex_or_file(o->mem, &given))
        return STATUS_REFUSED;
    const struct packet_room room = packet_room(r->kind, given.size);
    unsigned char *memory = calloc(1, room.head + given.size + room.tail + 1);
    if (!memory) {
        complain("out of memory");
        free_blob(&given);
        return STATUS_REFUSED;
    }
    skep_code code = SKEP_OK;
    double began = seconds_now();
    for (uint64_t i = 0; i < o->repeat && code == SKEP_OK; i++) {
        void *mem = given.size || is_packet_kind(r->kind) ? memory + room.head : NULL;
        size_t size = given.size;
        if (size)
            memcpy(mem, given.data, size);
        code = run_once(r, &mem, &size, i == 0 ? &result : &unused, &err);
        if (i == 0)
            executed = r->executed;
    }
    double seconds = seconds_now() - began;
    free(memory);
    free_blob(&given);
    if (code != SKEP_OK)
        complain_error(input_name(o->input), &err);
    if (o->json) {
        json_t *json = json_object();
        json_object_set_new(json, "program", program_json(r));
        const char *verdict = code == SKEP_OK ? verdict_name(r, result) : NULL;
        if (verdict)
            json_object_set_new(json, "verdict", json_text(verdict));
        if (code == SKEP_OK)
            json_object_set_new(json, "result", json_hex(result));
        else
            json_object_set_new(json, "error", json_error(&err));
        json_object_set_new(json, "engine", json_text(engine_name(r->engine)));
        if (o->stats)
            json_object_set_new(json, "machine_code", jit_stats_json(r->vm));
        json_object_set_new(json, "instructions", json_integer((json_int_t)executed));
        json_object_set_new(json, "runs", json_integer((json_int_t)o->repeat));
        json_object_set_new(json, "seconds", json_real(seconds));
        add_state(r, json);
        print_json(json);
    } else if (o->only_maps) {
        print_state(r);
    } else if (code == SKEP_OK) {
        char text[96];
        verdict_text(r, result, text, sizeof text);
        puts(text);
        if (o->repeat > 1)
            printf("%llu runs of %llu instructions, %.1f ns each (%s)\n", (unsigned long long)o->repeat,
                   (unsigned long long)executed, seconds * 1e9 / (double)o->repeat, engine_name(r->engine));
        if (o->stats)
            print_jit_stats(r->vm);
        print_state(r);
    }
    return finish_output(code == SKEP_OK ? STATUS_OK : STATUS_REFUSED);
}

/* What is left to do between the program and its first run. */
static bool prepare(struct runner *r, skep_error *err)
{
    const struct run_options *o = r->options;
    skep_vm_options vm = {.size = sizeof vm,
                          .hooks = &tool_hooks,
                          .kind = r->kind,
                          .policy = o->policy,
                          .code = r->program->info.code,
                          .code_size = r->program->info.code_size,
                          .byte_order = r->program->info.byte_order,
                          .budget = o->budget};
    if (r->kind == SKEP_FIXED_MBUFF) {
        vm.data_offset = o->data_offset;
        vm.data_end_offset = o->data_end_offset;
    }
    if (!prepare_state(r)) {
        *err = (skep_error){.code = SKEP_ERR_ARGUMENT, .pc = SKEP_NO_PC, .message = "an option does not fit the object"};
        return false;
    }
    skep_code code = r->program->object
                         ? skep_object_vm(r->program->object, o->program.section, o->program.name, &vm, &r->vm, err)
                         : skep_vm_create(&vm, &r->vm, err);
    if (code != SKEP_OK) {
        complain_error(input_name(o->input), err);
        return false;
    }
    *err = (skep_error){.code = SKEP_ERR_IO, .pc = SKEP_NO_PC, .message = "an input cannot be used"};
    /* Objects for Linux call its helpers; what else calls numbers has those of the tool. */
    bool for_linux = r->program->object && (r->program->info.type || skep_object_map_count(r->program->object) > 0);
    if ((!for_linux && !register_stock_helpers(r->vm)) || (o->mbuff && !read_hex_or_file(o->mbuff, &r->mbuff)) ||
        (o->ctx && !read_hex_or_file(o->ctx, &r->mbuff)))
        return false;
    if ((o->data_given && o->mbuff && o->data_offset + 8 > r->mbuff.size) ||
        (o->data_end_given && o->mbuff && o->data_end_offset + 8 > r->mbuff.size)) {
        complain("the metadata buffer has %zu bytes: too few for 8 bytes at the offset given", r->mbuff.size);
        return false;
    }
    r->engine = o->engine;
    if (settle_engine(r->vm, &r->engine, o->pcap || o->repeat > 1 || o->stats, o->blind, err) != SKEP_OK) {
        complain_error(input_name(o->input), err);
        return false;
    }
    r->workspace_size = skep_vm_workspace_size(r->vm);
    r->workspace = malloc(r->workspace_size);
    r->scratch = malloc(r->mbuff.size + 1);
    if (!r->workspace || !r->scratch)
        complain("out of memory");
    return r->workspace && r->scratch;
}

static int run_program(const struct run_options *o, const struct program *program, skep_error *err)
{
    struct runner r = {.options = o, .program = program, .clock = o->time, .random = o->random};
    r.script = (skep_script){.size = sizeof r.script,
                             .clock = o->time_given ? &r.clock : NULL,
                             .random = o->random_given ? &r.random : NULL};
    int status = settle_kind(&r);
    if (status != STATUS_OK)
        return status;
    status = STATUS_REFUSED;
    if (prepare(&r, err)) {
        char text[4096];
        if (o->verbose && !o->pcap && skep_vm_describe(r.vm, text, sizeof text) > 0)
            fputs(text, stderr);
        err->code = SKEP_OK; /* from here on errors are in the report */
        status = o->pcap ? run_capture(&r) : run_single(&r);
    }
    skep_run_release(r.prepared);
    skep_vm_free(r.vm);
    free_blob(&r.mbuff);
    free(r.scratch);
    free(r.workspace);
    return status;
}

static int run_with(int argc, char **argv, const struct argp *arguments, struct run_options o)
{
    struct program program;
    skep_error err;
    int status = STATUS_REFUSED;
    if (argp_parse(arguments, argc, argv, 0, NULL, &o) != 0)
        return STATUS_USAGE;
    if (o.trace_log && !open_trace_log(o.trace_log))
        return STATUS_REFUSED;
    if (load_program(o.input, &o.program, &program, &err)) {
        status = run_program(&o, &program, &err);
        free_program(&program);
    }
    if (!close_trace_log(o.trace_log))
        status = STATUS_REFUSED;
    if (status != STATUS_OK && o.json && err.code != SKEP_OK) {
        json_t *json = json_object();
        json_object_set_new(json, "error", json_error(&err));
        print_json(json);
    }
    return status;
}

int cmd_run(int argc, char **argv) { return run_with(argc, argv, &parser, (struct run_options){.repeat = 1}); }

static const struct argp map_parser = {
    options, parse, "OBJECT|-",
    "Run a program of an object as `skep run` does, and show what is in its maps then: all of them, or those of --map. "
    "Keys and values are shown by their types, where the object has some (clang -g). Queues, stacks and ring buffers "
    "are emptied."
    "\vExamples:\n"
    "  skep map count.o --program count --pcap traffic.pcap\n"
    "  skep map count.o --pcap traffic.pcap --map flows --json | jq .maps.flows.entries\n\n"
    "Exit status: 0 ok, 1 the program was refused, an input failed or a run did, 2 the command line is wrong.",
    NULL, help_filter, NULL};

int cmd_map(int argc, char **argv)
{
    return run_with(argc, argv, &map_parser, (struct run_options){.repeat = 1, .only_maps = true});
}
