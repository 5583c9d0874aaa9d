/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Both engines side by side on programs made at random, several inputs each: the outcome {code, message, pc, address,
 * executed, r0}, all reachable memory, and what helpers saw must be the same; where it applies, the reference interpreter
 * says the same once more. `engines --help` tells the options.
 *
 * All memory of a run lies in one place with pages around it that nobody may touch, always at the same address, so that a
 * seed gives the same run again. A signal is an outcome, too. Of a program that differs, instructions are left out as long
 * as it still does.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "engines_helpers.h"
#include "random_program.h"
#include "reference.h"

#define PAGE 4096u
#define DATA 0x40u /* where the metadata buffer has the packet's address */
#define DATA_END 0x50u
#define WORKSPACE (20 * PAGE)
#define CODE_ROOM (1u << 19)
#define MOST_INPUTS 8

enum place { PACKET, MBUFF, GRANT, GRANT_READ, PLACES };

/* The pages: guard, place, guard, place, ..., guard, workspace, guard. */
static uint8_t *memory;
static uint8_t *page_of(enum place place) { return memory + (2u * place + 1) * PAGE; }
static uint8_t *workspace(void) { return memory + (2u * PLACES + 1) * PAGE; }

static void die(const char *why)
{
    fprintf(stderr, "engines: %s\n", why);
    exit(2);
}

static void map_memory(void)
{
    const size_t size = (2u * PLACES + 2) * PAGE + WORKSPACE;
    void *wanted = (void *)(uintptr_t)(sizeof(void *) == 8 ? UINT64_C(0x6a0000000000) : 0);
    memory = mmap(wanted, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        die("no memory");
    for (unsigned p = 0; p < PLACES; p++)
        if (mprotect(page_of((enum place)p), PAGE, PROT_READ | PROT_WRITE))
            die("no memory");
    if (mprotect(workspace(), WORKSPACE, PROT_READ | PROT_WRITE))
        die("no memory");
}

/* ------------------------------------------------------------------------------------ what runs may be like */

struct input {
    uint64_t seed; /* of the contents */
    size_t size[PLACES];
    bool at_start[PLACES]; /* of its page, rather than at its end */
    bool read_only;
    uint64_t budget; /* 0: some of what the first run executed, see spread_budget */
    uint32_t spread_budget;
};

struct trial {
    uint64_t seed;
    struct random_setting setting;
    skep_kind kind;
    skep_policy policy;
    skep_jit_options jit;
    bool grants, frames;
    unsigned count; /* of inputs */
    struct input inputs[MOST_INPUTS];
};

static bool has_mbuff(const struct trial *t) { return t->kind == SKEP_MBUFF || t->kind == SKEP_SYSCALL; }
static bool is_linux(const struct trial *t) { return t->kind >= SKEP_XDP; }

static uint8_t *where(const struct input *in, enum place place)
{
    return page_of(place) + (in->at_start[place] ? 0 : PAGE - in->size[place]);
}

static struct trial make_trial(uint64_t seed)
{
    struct random r = {seed ^ UINT64_C(0x5ca1ab1e0ddba11)};
    struct trial t = {.seed = seed};
    const unsigned style = random_below(&r, 16);
    t.setting.style = style < 9 ? RANDOM_WILD : style < 15 ? RANDOM_SOUND : RANDOM_KERNEL_RAW;
    const bool wild = t.setting.style == RANDOM_WILD;
    static const skep_kind kinds[] = {SKEP_RAW, SKEP_RAW, SKEP_RAW, SKEP_NO_DATA, SKEP_MBUFF, SKEP_FIXED_MBUFF};
    t.kind = t.setting.style == RANDOM_KERNEL_RAW ? SKEP_RAW : kinds[random_below(&r, 6)];
    t.policy = random_below(&r, 4) ? SKEP_GUARDED : SKEP_TRUSTED;
    struct random other = {~seed};
    t.jit = (skep_jit_options){.size = sizeof t.jit, .blind = random_below(&other, 4) == 0};
    t.jit.portable = random_below(&other, 3) == 0;
    t.jit.uncounted = t.policy == SKEP_TRUSTED && random_below(&other, 2);
    t.grants = t.kind == SKEP_NO_DATA || random_below(&r, 4) == 0;
    t.frames = random_below(&r, 6) == 0;
    t.setting.helpers = random_below(&r, 3) == 0 && t.setting.style != RANDOM_KERNEL_RAW;
    t.setting.most_functions = wild && random_below(&r, 6) == 0 ? 12 : 4;
    t.setting.most_items = 13 + random_below(&r, 4 + random_below(&r, 50));
    t.setting.start = t.kind == SKEP_MBUFF || t.kind == SKEP_FIXED_MBUFF ? RANDOM_START_FIELDS : RANDOM_START_R1;
    t.setting.data = DATA;
    t.setting.data_end = DATA_END;
    const bool in_mbuff = t.kind == SKEP_MBUFF && random_below(&r, 3) == 0;
    if (in_mbuff || (wild && random_below(&r, 16) == 0))
        t.setting.start = RANDOM_START_R1;
    enum place home = in_mbuff ? MBUFF : PACKET;
    t.count = 3 + random_below(&r, 4);
    for (unsigned i = 0; i < t.count; i++) {
        struct input *in = &t.inputs[i];
        in->seed = random_next(&r);
        for (unsigned p = 0; p < PLACES; p++) {
            in->size[p] = p == MBUFF ? DATA_END + 8 + random_below(&r, 100) : RANDOM_PACKET;
            if (wild && p != MBUFF && random_below(&r, 3) == 0)
                in->size[p] = random_below(&r, 201);
            in->at_start[p] = random_below(&r, 4) == 0;
        }
        if (in_mbuff)
            in->size[MBUFF] = RANDOM_PACKET + random_below(&r, 8) * 8;
        in->read_only = wild && random_below(&r, 8) == 0;
        static const uint64_t budgets[] = {1, 10, 50, 300, 2000, 20000};
        in->budget = wild ? budgets[random_below(&r, 6)] + random_below(&r, 10) : 100000;
        in->spread_budget = (uint32_t)random_next(&r);
        if (wild && i && random_below(&r, 3))
            in->budget = 0;
    }
    /* Grants belong to the VM: they stay for all inputs. */
    for (unsigned i = 0; i < t.count; i++)
        for (unsigned p = GRANT; p < PLACES; p++) {
            t.inputs[i].size[p] = RANDOM_PACKET + 8;
            t.inputs[i].at_start[p] = false;
        }
    if (t.grants && (t.kind == SKEP_NO_DATA || random_below(&r, 2))) {
        home = wild && random_below(&r, 8) == 0 ? GRANT_READ : GRANT;
        t.setting.start = RANDOM_START_NUMBER;
        t.setting.data = (uint64_t)(uintptr_t)where(&t.inputs[0], home);
        t.setting.data_end = t.setting.data + t.inputs[0].size[home];
    }
    if (t.setting.style == RANDOM_KERNEL_RAW)
        t.setting.start = RANDOM_START_R1;
    else if (t.setting.start != RANDOM_START_NUMBER && !in_mbuff && random_below(&other, 4) == 0) {
        static const skep_kind contexts[] = {SKEP_XDP, SKEP_SCHED_CLS, SKEP_SYSCALL};
        t.kind = contexts[random_below(&other, 3)];
        t.setting.start = t.kind == SKEP_SYSCALL ? RANDOM_START_R1 : RANDOM_START_CONTEXT;
        t.setting.data = t.kind == SKEP_XDP ? 0 : 76;
        t.setting.data_end = t.setting.data + 4;
        for (unsigned i = 0; i < t.count && t.kind == SKEP_SYSCALL; i++)
            t.inputs[i].size[MBUFF] = RANDOM_PACKET + random_below(&other, 8) * 8;
    }
    return t;
}

/* ------------------------------------------------------------------------------- virtual machines, kept */

/* Pages that stay writable and executable where that is allowed: three system calls a program less. */
static uint8_t *code_pages;
static bool code_used[128];

static void *code_alloc(void *user, size_t size)
{
    (void)user;
    for (unsigned i = 0; i < sizeof code_used && size <= CODE_ROOM; i++)
        if (!code_used[i]) {
            code_used[i] = true;
            return code_pages + (size_t)i * CODE_ROOM;
        }
    return NULL;
}

static bool code_seal(void *user, void *pages, size_t size)
{
    (void)user, (void)pages, (void)size;
    return true;
}

static void code_free(void *user, void *pages, size_t size)
{
    (void)user, (void)size;
    code_used[(size_t)((uint8_t *)pages - code_pages) / CODE_ROOM] = false;
}

static skep_hooks hooks = {.size = sizeof hooks};

static void map_code(void)
{
    void *pages = mmap(NULL, sizeof code_used * CODE_ROOM, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED)
        return; /* the library's own, then */
    code_pages = pages;
    hooks.code_alloc = code_alloc;
    hooks.code_seal = code_seal;
    hooks.code_free = code_free;
}

/* Frames of any size, by where the function begins. */
static size_t stack_size(const void *code, size_t size, uint32_t pc, void *user)
{
    const struct trial *t = user;
    (void)code, (void)size;
    struct random r = {t->seed + pc};
    static const uint16_t sizes[] = {88, 96, 104, 128, 256, 504, 512};
    if (t->setting.style == RANDOM_WILD && random_below(&r, 3) == 0)
        return random_below(&r, 513);
    return sizes[random_below(&r, 7)];
}

static skep_vm *vms[SKEP_SYSCALL + 1][2][2][2];

static skep_vm *vm_for(const struct trial *t, skep_policy policy)
{
    skep_vm **vm = &vms[t->kind][policy][t->grants][t->setting.helpers];
    if (*vm)
        return *vm;
    skep_vm_options options = {.size = sizeof options, .hooks = &hooks, .kind = t->kind, .policy = policy};
    options.budget = policy == SKEP_TRUSTED ? SKEP_BUDGET_NONE : 0; /* for code that does not count; runs bring their own */
    options.data_offset = DATA;
    options.data_end_offset = DATA_END;
    if (skep_vm_create(&options, vm, NULL))
        die("no VM");
    engines_register(*vm, t->setting.helpers);
    const struct input *in = &t->inputs[0];
    if (t->grants && (skep_vm_grant(*vm, where(in, GRANT), in->size[GRANT], SKEP_READ | SKEP_WRITE, NULL) ||
                      skep_vm_grant(*vm, where(in, GRANT_READ), in->size[GRANT_READ], SKEP_READ, NULL)))
        die("a grant is refused");
    return *vm;
}

/* --------------------------------------------------------------------------------------------- a run */

struct outcome {
    int signal;
    skep_code code;
    uint64_t pc, address, executed, result, seen;
    int64_t detail;
    char message[256];
    uint8_t memory[PLACES][PAGE];
};

static sigjmp_buf out;
static volatile sig_atomic_t running, ticks;
static uint64_t seed_at_hand;

static void on_signal(int number)
{
    if (number == SIGALRM && (!running || ++ticks < 5))
        return;
    if (!running) { /* what the run left behind is broken */
        fprintf(stderr, "engines: seed %" PRIu64 ": signal %d behind a run\n", seed_at_hand, number);
        _exit(1);
    }
    siglongjmp(out, number);
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGALRM};
    static uint8_t stack[64 * 1024];
    const stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NODEFER | SA_ONSTACK};
    sigaltstack(&alternative, NULL);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    const struct itimerval second = {{1, 0}, {1, 0}};
    setitimer(ITIMER_REAL, &second, NULL);
}

static void fill(const struct trial *t, const struct input *in)
{
    struct random r = {in->seed};
    for (unsigned p = 0; p < PLACES; p++) {
        if ((p >= GRANT && !t->grants) || (p == MBUFF && !has_mbuff(t)))
            continue;
        memset(page_of((enum place)p), 0xc7, PAGE);
        uint8_t *bytes = where(in, (enum place)p);
        for (size_t i = 0; i < in->size[p]; i += 8) {
            const uint64_t v = random_below(&r, 2) ? random_next(&r) : random_number(&r);
            memcpy(bytes + i, &v, in->size[p] - i < 8 ? in->size[p] - i : 8);
        }
    }
    const uint64_t data = (uint64_t)(uintptr_t)where(in, PACKET), end = data + in->size[PACKET];
    memcpy(where(in, MBUFF) + DATA, &data, 8);
    memcpy(where(in, MBUFF) + DATA_END, &end, 8);
}

enum engine { INTERPRETER, MACHINE_CODE, PREPARED };

/* The machine code's own entry, twice over a run that was made for another packet: the second time counts. */
static skep_code run_prepared(const struct trial *t, const struct input *in, const skep_vm *vm, const skep_exec_options *exec,
                              uint64_t *result, skep_error *err)
{
    skep_exec_options other = *exec;
    skep_run *run;
    other.mem_size = exec->mem_size / 2;
    skep_code code = skep_run_prepare(vm, &other, &run, err);
    if (code == SKEP_OK && exec->mem_size)
        code = skep_run_set_memory(run, exec->mem, exec->mem_size, err);
    for (unsigned i = 0; i < 2 && code == SKEP_OK; i++) {
        fill(t, in);
        /* The first run may have written into its buffer, or its context. */
        if (i && (t->kind == SKEP_FIXED_MBUFF || is_linux(t)) && (exec->mem_size || t->kind == SKEP_XDP || t->kind == SKEP_SCHED_CLS))
            code = skep_run_set_memory(run, exec->mem, exec->mem_size, err);
        engines_seen = 0;
        ticks = 0;
        *result = skep_vm_jit_function(vm)(run);
        code = skep_run_outcome(run, err);
        if (code)
            *result = 0;
        if (i == 0)
            code = SKEP_OK;
    }
    return code;
}

static void run(const struct trial *t, const struct input *in, const skep_vm *vm, enum engine engine, uint64_t budget,
                struct outcome *o)
{
    skep_exec_options exec = {.size = sizeof exec, .budget = budget, .workspace = workspace(), .executed = &o->executed};
    exec.workspace_size = WORKSPACE;
    if (t->kind != SKEP_NO_DATA && t->kind != SKEP_SYSCALL) {
        exec.mem = where(in, PACKET);
        exec.mem_size = in->size[PACKET];
        exec.mem_access = in->read_only ? SKEP_READ : 0;
    }
    if (has_mbuff(t)) {
        exec.mbuff = where(in, MBUFF);
        exec.mbuff_size = in->size[MBUFF];
    }
    fill(t, in);
    memset(workspace(), 0xa5, skep_vm_workspace_size(vm)); /* what an earlier run may have left behind */
    skep_error err = {.pc = SKEP_NO_PC};
    engines_seen = 0;
    o->result = o->executed = 0;
    o->code = SKEP_OK;
    ticks = 0;
    o->signal = sigsetjmp(out, 0);
    if (o->signal == 0) {
        running = 1;
        o->code = engine == INTERPRETER    ? skep_vm_exec(vm, &exec, &o->result, &err)
                  : engine == MACHINE_CODE ? skep_vm_exec_jit(vm, &exec, &o->result, &err)
                                           : run_prepared(t, in, vm, &exec, &o->result, &err);
    }
    running = 0;
    if (o->code == SKEP_OK || o->signal)
        err = (skep_error){.pc = SKEP_NO_PC};
    o->seen = engines_seen;
    o->pc = err.pc;
    o->address = err.address;
    o->detail = err.detail;
    memcpy(o->message, err.message, sizeof o->message);
    for (unsigned p = 0; p < PLACES; p++)
        if ((p < GRANT || t->grants) && (p != MBUFF || has_mbuff(t)))
            memcpy(o->memory[p], page_of((enum place)p), PAGE);
}

static uint64_t stack_top;

static void ask_for_stack_top(void)
{
    static const skep_slot code[] = {SKEP_MOV64_REG(0, 10), SKEP_EXIT()};
    const skep_vm_options options = {.size = sizeof options, .code = code, .code_size = sizeof code};
    const skep_exec_options exec = {.size = sizeof exec, .workspace = workspace(), .workspace_size = WORKSPACE};
    skep_vm *vm = NULL;
    if (skep_vm_create(&options, &vm, NULL) || skep_vm_exec(vm, &exec, &stack_top, NULL))
        die("no VM");
    skep_vm_free(vm);
}

static bool reference_applies(const struct trial *t)
{
    return !is_linux(t) && !t->setting.helpers && !t->frames && t->kind != SKEP_FIXED_MBUFF && (!t->grants || t->kind == SKEP_NO_DATA);
}

/* The reference, beside an outcome of the library's that is already there. */
static bool reference_agrees(const struct trial *t, const struct input *in, const uint8_t *code, size_t size, uint64_t budget,
                             const struct outcome *o, struct outcome *expected)
{
    static uint8_t bytes[PLACES][PAGE];
    struct reference ref = {.code = code, .slots = (uint32_t)(size / 8), .helper = engines_mix, .budget = budget, .stack_top = stack_top};
    fill(t, in);
    for (unsigned p = 0; p < PLACES; p++) {
        memcpy(bytes[p], page_of((enum place)p), PAGE);
        if ((p == PACKET && t->kind == SKEP_NO_DATA) || (p == MBUFF && !has_mbuff(t)) || (p >= GRANT && !t->grants))
            continue;
        uint8_t *at = where(in, (enum place)p);
        ref.regions[ref.region_count++] = (struct reference_region){(uint64_t)(uintptr_t)at, in->size[p],
                                                                    p != GRANT_READ && !(p == PACKET && in->read_only),
                                                                    bytes[p] + (at - page_of((enum place)p))};
        if (p == PACKET) {
            ref.packet = ref.regions[ref.region_count - 1].bytes;
            ref.packet_size = in->size[p];
        }
    }
    if (t->kind == SKEP_RAW) {
        ref.r1 = (uint64_t)(uintptr_t)where(in, PACKET);
        ref.r2 = in->size[PACKET];
    } else if (has_mbuff(t)) {
        ref.r1 = (uint64_t)(uintptr_t)where(in, MBUFF);
    }
    reference_run(&ref);
    *expected = *o;
    expected->signal = 0;
    expected->code = ref.code_out;
    expected->pc = ref.pc;
    expected->address = ref.address;
    expected->executed = ref.executed;
    expected->result = ref.result;
    for (unsigned p = 0; p < PLACES; p++)
        memcpy(expected->memory[p], bytes[p], PAGE);
    bool same = o->signal == 0 && o->code == ref.code_out && o->pc == ref.pc && o->address == ref.address &&
                o->executed == ref.executed && o->result == ref.result;
    for (unsigned p = 0; p < PLACES; p++)
        if ((p < GRANT || t->grants) && (p != MBUFF || has_mbuff(t)))
            same &= memcmp(bytes[p], o->memory[p], PAGE) == 0;
    return same;
}

static bool same(const struct trial *t, const struct outcome *a, const struct outcome *b)
{
    bool equal = a->signal == 0 && b->signal == 0 && a->code == b->code && a->pc == b->pc && a->address == b->address &&
                 a->executed == b->executed && a->result == b->result && a->seen == b->seen && a->detail == b->detail &&
                 strcmp(a->message, b->message) == 0;
    for (unsigned p = 0; p < PLACES; p++)
        if ((p < GRANT || t->grants) && (p != MBUFF || has_mbuff(t)))
            equal &= memcmp(a->memory[p], b->memory[p], PAGE) == 0;
    return equal;
}

/* ---------------------------------------------------------------------------------------- a program */

static struct {
    uint64_t programs, runs, referred, untrusted, outcomes[64];
} totals;

enum verdict { SAME, REFUSED, ENGINES_DIFFER, PREPARED_DIFFERS, REFERENCE_DIFFERS };

struct finding {
    unsigned input;
    uint64_t budget;
    char why[256]; /* REFUSED */
    struct outcome a, b;
};

static bool load(skep_vm *vm, const struct trial *t, const uint8_t *code, size_t size, skep_error *err)
{
    /* The calculator comes first: the program must not be asked about twice. */
    static const skep_slot nothing[] = {SKEP_EXIT()};
    if (t->frames && (skep_vm_load(vm, nothing, sizeof nothing, err) || skep_vm_set_stack_size(vm, stack_size, (void *)(uintptr_t)t, err)))
        return false;
    const bool good = skep_vm_load(vm, code, size, err) == SKEP_OK;
    if (t->frames && !good)
        skep_vm_set_stack_size(vm, NULL, NULL, NULL);
    return good;
}

static void forget_frames(skep_vm *vm, const struct trial *t)
{
    static const skep_slot nothing[] = {SKEP_EXIT()};
    if (t->frames && (skep_vm_load(vm, nothing, sizeof nothing, NULL) || skep_vm_set_stack_size(vm, NULL, NULL, NULL)))
        die("a VM does not take its frames back");
}

static enum verdict try_inputs(const struct trial *t, const uint8_t *code, size_t size, skep_vm *vm, skep_vm *judge,
                               struct finding *f)
{
    uint64_t executed = 0;
    for (unsigned i = 0; i < t->count; i++) {
        const struct input *in = &t->inputs[i];
        uint64_t budget = in->budget ? in->budget : 1 + in->spread_budget % (executed + 2);
        f->input = i;
        f->budget = budget;
        if (t->policy == SKEP_TRUSTED) { /* what goes astray is not for the trusted */
            run(t, in, judge, INTERPRETER, budget, &f->a);
            if (f->a.code == SKEP_ERR_ACCESS) {
                totals.untrusted++;
                continue;
            }
        }
        run(t, in, vm, INTERPRETER, budget, &f->a);
        totals.runs++;
        totals.outcomes[f->a.code < 64 ? f->a.code : 63]++;
        const uint64_t native_budget = t->jit.uncounted ? SKEP_BUDGET_NONE : budget, drawn = f->a.executed;
        if (t->jit.uncounted && f->a.code == SKEP_ERR_BUDGET)
            continue; /* it might never end */
        if (t->jit.uncounted)
            f->a.executed = 0;
        run(t, in, vm, MACHINE_CODE, native_budget, &f->b);
        if (!same(t, &f->a, &f->b))
            return ENGINES_DIFFER;
        if (i == 1) {
            run(t, in, vm, PREPARED, native_budget, &f->b);
            if (!same(t, &f->a, &f->b))
                return PREPARED_DIFFERS;
        }
        f->a.executed = drawn;
        if (f->a.executed > executed)
            executed = f->a.executed;
        if (i == 0 && reference_applies(t)) {
            totals.referred++;
            if (!reference_agrees(t, in, code, size, budget, &f->a, &f->b))
                return REFERENCE_DIFFERS;
        }
    }
    return SAME;
}

static enum verdict try_program(const struct trial *t, const uint8_t *code, size_t size, struct finding *f)
{
    skep_error err = {.message = ""};
    skep_vm *vm = vm_for(t, t->policy), *judge = t->policy == SKEP_TRUSTED ? vm_for(t, SKEP_GUARDED) : vm;
    enum verdict verdict = REFUSED;
    if (load(vm, t, code, size, &err) && (judge == vm || load(judge, t, code, size, &err)) && !skep_vm_jit_compile(vm, &t->jit, &err))
        verdict = try_inputs(t, code, size, vm, judge, f);
    else
        memcpy(f->why, err.message, sizeof f->why);
    forget_frames(vm, t);
    if (judge != vm)
        forget_frames(judge, t);
    return verdict;
}

/* -------------------------------------------------------------------------------- smaller, and in words */

static int32_t get_imm(const uint8_t *b)
{
    return (int32_t)((uint32_t)b[4] | (uint32_t)b[5] << 8 | (uint32_t)b[6] << 16 | (uint32_t)b[7] << 24);
}

static void set_imm(uint8_t *b, int32_t imm)
{
    for (unsigned i = 0; i < 4; i++)
        b[4 + i] = (uint8_t)((uint32_t)imm >> 8 * i);
}

/* Leaves the slots from..to out; what led there leads behind them. */
static size_t leave_out(const uint8_t *code, size_t slots, size_t from, size_t to, uint8_t *smaller)
{
    size_t n = 0;
    bool second = false;
    for (size_t s = 0; s < slots; s++) {
        const uint8_t *b = code + s * 8;
        const bool wide = !second && b[0] == 0x18;
        if (s < from || s >= to) {
            uint8_t *d = smaller + n++ * 8;
            memcpy(d, b, 8);
            const unsigned class = b[0] & 7;
            const bool call = b[0] == 0x85, by_imm = (call && b[1] >> 4 == 1) || b[0] == 0x06 || (wide && b[1] >> 4 == 4);
            const bool by_off = (class == 5 || class == 6) && !call && b[0] != 0x95 && b[0] != 0x8d && b[0] != 0x06;
            if (!second && (by_imm || by_off)) {
                const int64_t old = by_imm ? get_imm(b) : (int16_t)(b[2] | b[3] << 8);
                int64_t at = (int64_t)s + 1, target = at + old;
                const int64_t gone = (int64_t)(to - from);
                target = target >= (int64_t)to ? target - gone : target > (int64_t)from ? (int64_t)from : target;
                at = at > (int64_t)to ? at - gone : at;
                if (by_imm) {
                    set_imm(d, (int32_t)(target - at));
                } else {
                    d[2] = (uint8_t)((target - at) & 255);
                    d[3] = (uint8_t)((target - at) >> 8 & 255);
                }
            }
        }
        second = wide;
    }
    return n;
}

static size_t shrink(const struct trial *t, uint8_t *code, size_t slots, struct finding *f)
{
    static uint8_t smaller[RANDOM_MOST_SLOTS * 8];
    struct finding *other = malloc(sizeof *other);
    for (bool changed = true; changed && other;) {
        changed = false;
        for (size_t chunk = slots / 2; chunk; chunk /= 2)
            for (size_t at = 0; at + chunk <= slots;) {
                const size_t n = leave_out(code, slots, at, at + chunk, smaller);
                if (n && try_program(t, smaller, n * 8, other) > REFUSED) {
                    memcpy(code, smaller, n * 8);
                    slots = n;
                    *f = *other;
                    changed = true;
                } else {
                    at += chunk > 4 ? chunk / 2 : 1;
                }
            }
        for (size_t s = 0; s < slots; s++) { /* a constant instead */
            const uint8_t *b = code + s * 8;
            if (b[0] == 0xb7 || (s && b[-8] == 0x18))
                continue;
            const uint8_t dst = b[1] & 15;
            memcpy(smaller, code, slots * 8);
            memcpy(smaller + s * 8, (const uint8_t[8]){0xb7, dst, 0, 0, 1, 0, 0, 0}, 8);
            if (b[0] == 0x18 && s + 1 < slots) /* and nothing after it */
                memcpy(smaller + s * 8 + 8, (const uint8_t[8]){0x05}, 8);
            if (try_program(t, smaller, slots * 8, other) > REFUSED) {
                memcpy(code, smaller, slots * 8);
                *f = *other;
                changed = true;
            }
        }
    }
    free(other);
    return slots;
}

static void print_outcome(const char *who, const struct outcome *o)
{
    if (o->signal)
        printf("%s: signal %d (%s)\n", who, o->signal, o->signal == SIGALRM ? "it does not end" : strsignal(o->signal));
    else
        printf("%s: %s, pc %" PRId64 ", address %#" PRIx64 ", executed %" PRIu64 ", r0 %#" PRIx64 ", helpers %#" PRIx64
               ", detail %" PRId64 " %s\n",
               who, skep_code_name(o->code), (int64_t)o->pc, o->address, o->executed, o->result, o->seen, o->detail, o->message);
}

static void report(const struct trial *t, enum verdict verdict, uint8_t *code, size_t slots, struct finding *f)
{
    static const char *const verdicts[] = {"no difference", "refused", "the engines differ", "a prepared run differs",
                                           "the reference differs"};
    static const char *const kinds[] = {"no data", "raw", "mbuff", "fixed mbuff", [SKEP_XDP] = "xdp", [SKEP_SCHED_CLS] = "tc",
                                        [SKEP_SYSCALL] = "syscall"};
    static const char *const places[] = {"packet", "mbuff", "grant", "read-only grant"};
    printf("\nseed %" PRIu64 ": %s %s\n", t->seed, verdicts[verdict], verdict == REFUSED ? f->why : "");
    slots = verdict == REFUSED ? slots : shrink(t, code, slots, f);
    const struct input *in = &t->inputs[f->input];
    printf("kind %s, %s, style %d%s%s; input %u of %u: packet %zu%s, budget %" PRIu64 "\n", kinds[t->kind],
           t->policy == SKEP_TRUSTED ? "trusted" : "guarded", t->setting.style, t->grants ? ", grants" : "",
           t->frames ? ", frames of its own" : "", f->input, t->count, in->size[PACKET], in->read_only ? " read-only" : "", f->budget);
    if (verdict != REFUSED) {
        print_outcome("interpreter", &f->a);
        print_outcome(verdict == REFERENCE_DIFFERS ? "reference" : "machine code", &f->b);
        for (unsigned p = 0; p < PLACES; p++)
            for (unsigned i = 0; i < PAGE && ((p < GRANT || t->grants) && (p != MBUFF || has_mbuff(t))); i++)
                if (f->a.memory[p][i] != f->b.memory[p][i]) {
                    printf("%s: byte %d is %#x and %#x\n", places[p], (int)(page_of((enum place)p) + i - where(in, (enum place)p)),
                           f->a.memory[p][i], f->b.memory[p][i]);
                    break;
                }
    }
    char *text = NULL;
    if (skep_disassemble(code, slots * 8, &(skep_text_options){.size = sizeof(skep_text_options)}, &text, NULL, NULL) == SKEP_OK)
        printf("%s", text);
    skep_free(NULL, text);
    for (size_t s = 0; s < slots; s++)
        printf("%s%02x%02x%02x%02x%02x%02x%02x%02x", s % 8 ? " " : "\n", code[s * 8], code[s * 8 + 1], code[s * 8 + 2],
               code[s * 8 + 3], code[s * 8 + 4], code[s * 8 + 5], code[s * 8 + 6], code[s * 8 + 7]);
    printf("\n");
    fflush(stdout);
}

/* ------------------------------------------------------------------------------------------------- main */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void need_back_end(void)
{
    static const skep_slot nothing[] = {SKEP_EXIT()};
    const skep_vm_options options = {.size = sizeof options, .code = nothing, .code_size = sizeof nothing};
    skep_error err;
    skep_vm *vm;
    if (skep_vm_create(&options, &vm, &err))
        die(err.message);
    if (skep_vm_jit_compile(vm, NULL, &err)) {
        printf("%s\n", err.message);
        exit(77);
    }
    skep_vm_free(vm);
}

static void print_totals(double since)
{
    printf("%" PRIu64 " programs, %" PRIu64 " runs, %" PRIu64 " beside the reference, %.0f s:", totals.programs, totals.runs,
           totals.referred, now() - since);
    for (unsigned c = 0; c < 64; c++)
        if (totals.outcomes[c])
            printf(" %s %" PRIu64, skep_code_name((skep_code)c), totals.outcomes[c]);
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    uint64_t programs = 100000, first = 1, most_findings = 1;
    double seconds = 1e9;
    bool whole = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (value && strcmp(argv[i], "--programs") == 0)
            programs = strtoull(argv[++i], NULL, 10);
        else if (value && strcmp(argv[i], "--first") == 0)
            first = strtoull(argv[++i], NULL, 10);
        else if (value && strcmp(argv[i], "--seconds") == 0)
            seconds = strtod(argv[++i], NULL);
        else if (value && strcmp(argv[i], "--findings") == 0)
            most_findings = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--whole") == 0)
            whole = true;
        else {
            printf("engines [--programs N] [--first SEED] [--seconds S] [--findings N] [--whole]\n"
                   "  Programs from the seeds FIRST, FIRST + 1, ...; stops after N findings (1).\n"
                   "  --whole prints the programs as they are, found or not, and tries nothing smaller.\n");
            return 2;
        }
    }
    need_back_end();
    map_memory();
    map_code();
    catch_signals();
    ask_for_stack_top();

    static uint8_t code[RANDOM_MOST_SLOTS * 8];
    static struct finding finding;
    uint64_t found = 0;
    const double since = now();
    for (uint64_t seed = first; seed < first + programs && now() - since < seconds; seed++) {
        seed_at_hand = seed;
        const struct trial t = make_trial(seed);
        const uint32_t slots = random_program_in(seed, &t.setting, code);
        const enum verdict verdict = try_program(&t, code, slots * 8u, &finding);
        totals.programs++;
        if (whole) {
            char *text = NULL;
            if (skep_disassemble(code, slots * 8u, NULL, &text, NULL, NULL) == SKEP_OK)
                printf("seed %" PRIu64 ":\n%s", seed, text);
            skep_free(NULL, text);
        }
        if (verdict != SAME) {
            report(&t, verdict, code, slots, &finding);
            if (++found == most_findings)
                break;
        }
        if (totals.programs % 500000 == 0)
            print_totals(since);
    }
    print_totals(since);
    for (size_t i = 0; i < sizeof vms / sizeof(skep_vm *); i++)
        skep_vm_free((&vms[0][0][0][0])[i]);
    return found ? 1 : 0;
}
