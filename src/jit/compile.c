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

static bool begin(struct sk_compile *c, struct sk_image *image, bool context_is_memory)
{
    const struct sk_program *p = image->program;
    *c = (struct sk_compile){.image = image, .program = p, .hooks = image->hooks, .context_is_memory = context_is_memory};
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
}

static void run_passes(struct sk_compile *c)
{
    sk_ir_build(c); /* makes code, ir_of, leader, loop */
    if (!c->failed)
        sk_ir_forward(c); /* needs blocks */
    if (!c->failed)
        sk_ir_liveness(c); /* makes live_in; drops what forward made dead */
}

/* Copies the code into pages and seals them. */
static skep_code seal(struct sk_native *native, const struct sk_buf *code, skep_error *err)
{
    const skep_hooks *hooks = &native->hooks;
    native->size = code->size;
    native->room = (code->size + 4095) & ~(size_t)4095;
    native->pages = hooks->code_alloc(hooks->user, native->room);
    if (!native->pages)
        return sk_fail(err, SKEP_ERR_MEMORY, "no pages for %z bytes of machine code", code->size);
    memcpy(native->pages, code->data, code->size);
    memset((uint8_t *)native->pages + code->size, 0xcc, native->room - code->size); /* int3 */
    if (!hooks->code_seal(hooks->user, native->pages, native->room))
        return sk_fail(err, SKEP_ERR_UNSUPPORTED, "the platform refuses to make machine code executable");
    return SKEP_OK;
}

skep_code sk_jit_compile(struct sk_image *image, bool context_is_memory, struct sk_native **out, skep_error *err)
{
    const struct sk_target *target = sk_target_native();
    const skep_hooks *hooks = &image->hooks;
    if (!target)
        return sk_fail(err, SKEP_ERR_UNSUPPORTED, "machine code is not supported here: there is no back end for this processor");
    if (!hooks->code_alloc || !hooks->code_seal || !hooks->code_free)
        return sk_fail(err, SKEP_ERR_UNSUPPORTED, "machine code is not supported here: there are no hooks for code pages");

    struct sk_compile c;
    struct sk_buf code;
    sk_buf_init(&code, hooks);
    struct sk_native *native = sk_alloc_zero(hooks, sizeof *native);
    uint32_t *entries = sk_alloc_array(hooks, image->program->subprog_count, sizeof *entries);
    skep_code failed = SKEP_OK;
    if (begin(&c, image, context_is_memory) && native && entries) {
        run_passes(&c);
        if (!c.failed)
            target->emit(&c, &code, entries);
    } else {
        c.failed = true;
    }
    if (c.failed || code.failed) {
        failed = sk_fail_memory(err);
        sk_free(hooks, native);
        sk_free(hooks, entries);
    } else {
        *native = (struct sk_native){.references = 1, .hooks = *hooks, .image = sk_image_ref(image), .entries = entries};
        failed = seal(native, &code, err);
        if (failed)
            sk_native_unref(native);
        else
            *out = native;
    }
    end(&c);
    sk_buf_free(&code);
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
    if (native->pages)
        hooks.code_free(hooks.user, native->pages, native->room);
    sk_image_unref(native->image);
    sk_free(&hooks, native->entries);
    sk_free(&hooks, native);
}
