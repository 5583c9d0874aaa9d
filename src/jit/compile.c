/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The pipeline, read aloud; and the pages that its outcome lives in, never writable and executable at once. */
#include "jit/compile.h"

const struct sk_target *sk_target_native(void)
{
#if defined(__x86_64__) && !defined(__ILP32__)
    return &sk_target_x64;
#else
    return NULL;
#endif
}

static bool begin(struct sk_compile *c, struct sk_image *image, const struct sk_run_env *env,
                  bool context_is_memory)
{
    const struct sk_program *p = image->program;
    *c = (struct sk_compile){.image = image, .program = p, .calls = env->calls, .maps = env->maps, .map_count = env->map_count,
                             .hooks = image->hooks, .context_is_memory = context_is_memory};
    for (uint32_t i = 0; i < env->map_count; i++) /* those in maps of maps are known when they are there */
        c->write_only |= (env->maps[i]->flags & SKEP_MAP_WRONLY_PROG) || env->maps[i]->ops->get_map;
    for (size_t i = 0; i < env->grant_count; i++)
        c->write_only |= !(env->grants[i].access & SKEP_READ);
    c->ir_of = sk_alloc_array(&c->hooks, (size_t)p->count + 1, sizeof *c->ir_of);
    c->leader = sk_alloc_array(&c->hooks, p->count, 1);
    c->loop = sk_alloc_array(&c->hooks, p->count, 1);
    c->live_in = sk_alloc_array(&c->hooks, p->count, sizeof *c->live_in);
    return c->ir_of && c->leader && c->loop && c->live_in;
}

static void end(struct sk_compile *c)
{
    sk_free(&c->hooks, c->code);
    sk_free(&c->hooks, c->ir_of);
    sk_free(&c->hooks, c->leader);
    sk_free(&c->hooks, c->loop);
    sk_free(&c->hooks, c->live_in);
    sk_free(&c->hooks, c->slots_in);
    sk_free(&c->hooks, c->block_end);
    sk_free(&c->hooks, c->order);
    sk_free(&c->hooks, c->head);
    sk_free(&c->hooks, c->order_of);
}

/* In the order in which they run; each says what it needs and what it leaves. */
static const struct pass {
    const char *name;
    void (*run)(struct sk_compile *c);
} passes[] = {
    {"build", sk_ir_build},       /* makes code, ir_of, leader, loop */
    {"regions", sk_ir_regions},   /* needs blocks; gives guards their guess */
    {"slots", sk_ir_slots},       /* needs blocks; makes private_frames */
    {"forward", sk_ir_forward},   /* needs blocks */
    {"merge", sk_ir_merge},       /* needs blocks, private_frames */
    {"liveness", sk_ir_liveness}, /* makes live_in, slots_in; drops what became dead */
    {"select", sk_ir_select},     /* needs blocks, liveness; joins blocks */
    {"fuse", sk_ir_fuse},         /* needs blocks, liveness; makes rotations */
    {"forward 2", sk_ir_forward}, /* what became of loads is known better */
    {"address", sk_ir_address},     /* needs blocks; nobody looks at addresses behind it */
    {"liveness 2", sk_ir_liveness}, /* again; nothing may be read anew after it */
    {"guards", sk_ir_guards},     /* needs blocks; keeps liveness */
    {"layout", sk_ir_layout},     /* needs blocks; makes order; jumps are what they will be */
};

enum { PASSES = sizeof passes / sizeof passes[0] };

const char *skep_jit_pass_name(unsigned index)
{
    return index < PASSES ? passes[index].name : index == PASSES ? "emit" : NULL;
}

static uint64_t now(const skep_hooks *hooks) { return hooks->time_ns ? hooks->time_ns(hooks->user) : 0; }

static uint32_t count_accesses(const struct sk_compile *c)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < c->count; k++)
        count += c->code[k].op == IR_LOAD || c->code[k].op == IR_STORE || c->code[k].op == IR_STOREI;
    return count;
}

static uint32_t limit(unsigned region, bool write, unsigned bytes)
{
    return 1u << (8u * region + (write ? 4u : 0u) + (unsigned)__builtin_ctz(bytes));
}

static void compile(struct sk_compile *c, const struct sk_target *target, struct sk_buf *code, uint32_t *entries,
                    struct sk_native *native)
{
    skep_jit_stats *stats = &native->stats;
    uint64_t before = now(&c->hooks), after;
    for (unsigned i = 0; i < PASSES && !c->failed; i++, before = after) {
        passes[i].run(c);
        after = now(&c->hooks);
        stats->ns[i] = after - before;
        if (i == 0)
            stats->accesses = count_accesses(c);
    }
    for (uint32_t k = 0; k < c->count; k++) {
        const struct sk_ir *ir = &c->code[k];
        stats->guards += ir->op == IR_GUARD;
        c->looked_at |= ir->op == IR_GUARD || ir->op == IR_STEP || ir->op == IR_CALL || ir->op == IR_CALLX ||
                        /* entered by C, which makes the frame where the run says */
                        (ir->op == IR_CALL_LOCAL && c->program->subprogs[ir->imm].may_goto_count);
        if (ir->op == IR_GUARD || ir->op == IR_GUARD_ASIDE)
            native->limits |= limit(ir->region, ir->flags & IRF_WRITE, ir->size / 8u);
        if (ir->op == IR_GUARD && (ir->flags & IRF_GROUP))
            native->limits |= limit(ir->region, ir->bits, ir->sub & 15u) | limit(ir->region, ir->bits, ir->sub >> 4);
    }
    c->limits = native->limits;
    native->check_count = c->check_count;
    memcpy(native->checks, c->checks, sizeof c->checks);
    if (!c->failed)
        target->emit(c, code, entries);
    stats->ns[PASSES] = now(&c->hooks) - before;
    stats->instructions = c->program->count;
    stats->code_size = code->size;
}

/* Copies the code to where it is to live: the caller's memory, or pages that are sealed then. */
static skep_code place(struct sk_native *native, const struct sk_buf *code, const skep_jit_options *options,
                       skep_error *err)
{
    const skep_hooks *hooks = &native->hooks;
    native->size = code->size;
    if (options->memory) {
        if (options->memory_size < code->size) {
            sk_fail(err, SKEP_ERR_ARGUMENT, "the code has %z bytes; there is room for %z", code->size,
                    options->memory_size);
            if (err)
                err->detail = (int64_t)code->size;
            return SKEP_ERR_ARGUMENT;
        }
        native->pages = options->memory;
        memcpy(native->pages, code->data, code->size);
        return SKEP_OK;
    }
    if (!hooks->code_alloc || !hooks->code_seal || !hooks->code_free)
        return sk_fail(err, SKEP_ERR_UNSUPPORTED, "machine code is not supported here: there are no hooks for code pages");
    size_t room = (code->size + 4095) & ~(size_t)4095;
    native->pages = hooks->code_alloc(hooks->user, room);
    if (!native->pages)
        return sk_fail(err, SKEP_ERR_MEMORY, "no pages for %z bytes of machine code", code->size);
    native->room = room;
    memcpy(native->pages, code->data, code->size);
    memset((uint8_t *)native->pages + code->size, 0xcc, room - code->size); /* int3 */
    if (!hooks->code_seal(hooks->user, native->pages, room))
        return sk_fail(err, SKEP_ERR_UNSUPPORTED, "the platform refuses to make machine code executable");
    return SKEP_OK;
}

skep_code sk_jit_compile(struct sk_image *image, const struct sk_run_env *env, bool context_is_memory,
                         const skep_jit_options *options, struct sk_native **out, skep_error *err)
{
    const struct sk_target *target = sk_target_native();
    const skep_hooks *hooks = &image->hooks;
    if (!target)
        return sk_fail(err, SKEP_ERR_UNSUPPORTED,
                       "machine code is not supported here: there is no back end for this processor");

    if (options->blind && !hooks->random)
        return sk_fail(err, SKEP_ERR_UNSUPPORTED, "constants cannot be blinded here: there is no hook for randomness");

    struct sk_compile c;
    struct sk_buf code, lines;
    sk_buf_init(&code, hooks);
    sk_buf_init(&lines, hooks);
    struct sk_native *native = sk_alloc_zero(hooks, sizeof *native);
    uint32_t *entries = sk_alloc_array(hooks, (size_t)image->program->subprog_count + 1, sizeof *entries);
    skep_code failed = SKEP_ERR_MEMORY;
    if (begin(&c, image, env, context_is_memory) && native && entries) {
        c.lines = options->lines ? &lines : NULL;
        c.blind = options->blind;
        c.uncounted = options->uncounted;
        c.cpu = options->portable ? 0 : target->features();
        *native = (struct sk_native){.references = 1, .hooks = *hooks, .image = sk_image_ref(image), .entries = entries,
                                     .uncounted = options->uncounted};
        compile(&c, target, &code, entries, native);
        if (options->lines) {
            native->line_count = lines.size / sizeof *native->lines;
            native->lines = sk_buf_take(&lines, NULL);
            c.failed |= !native->lines;
        }
        failed = c.failed || code.failed ? sk_fail_memory(err) : place(native, &code, options, err);
        if (failed)
            sk_native_unref(native);
        else
            *out = native;
    } else {
        sk_fail_memory(err);
        sk_free(hooks, native);
        sk_free(hooks, entries);
    }
    end(&c);
    sk_buf_free(&code);
    sk_buf_free(&lines);
    return failed;
}

struct sk_native *sk_native_ref(struct sk_native *native)
{
    __atomic_fetch_add(&native->references, 1, __ATOMIC_RELAXED);
    return native;
}

void sk_native_unref(struct sk_native *native)
{
    if (!native || __atomic_fetch_sub(&native->references, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    const skep_hooks hooks = native->hooks;
    if (native->room)
        hooks.code_free(hooks.user, native->pages, native->room);
    sk_image_unref(native->image);
    sk_free(&hooks, native->entries);
    sk_free(&hooks, native->lines);
    sk_free(&hooks, native);
}
