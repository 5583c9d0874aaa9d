/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How src/interp/fused.def was chosen: `fuse_stats OBJECT...` lowers every executable section of BPF objects without
 * superinstructions and counts which iops follow each other within a block, threes and twos. Most frequent first:
 * "count a b c". References to maps are blotted out, since only the sequence counts.
 *
 * Built by hand with the library's sources and -DSKEP_NO_FUSION; see docs/interpreter.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interp/interp.h"
#include "object/elf.h"
#include "verify/structural.h"

static const char *const names[] = {
#define V(name) #name "_MI", #name "_AI", #name "_MM", #name "_AM", #name "_MA",
#define SK_ALU(name, expression) V(name##64) V(name##32)
#define SK_UNARY(name, op, expression) #name "_M", #name "_A",
#define SK_DIV(name, type, utype, expression) #name "_I", #name "_M",
#define SK_LOAD(name, op, bytes, expression) #name "_GM", #name "_GA", #name "_TM", #name "_TA",
#define SK_STORE(size, bytes, bits)                                                                                    \
    "ST" #size "_GM", "ST" #size "_GA", "ST" #size "_TM", "ST" #size "_TA", "STX" #size "_GMM", "STX" #size "_GAM",    \
        "STX" #size "_GMA", "STX" #size "_TMM", "STX" #size "_TAM", "STX" #size "_TMA",
#define SK_JUMP(name, type64, type32, expression) V(name##64) V(name##32)
#define SK_ATOMIC(name, access, bytes, type, expression, result) #name "_G", #name "_T",
#define SK_OTHER(name) #name,
#include "interp/iop.def"
};

#define MOST (SK_IOP_PLAIN_COUNT)
static unsigned pairs[MOST][MOST];
struct triple {
    unsigned count;
    unsigned short part[3];
};
static struct triple triples[1 << 18];
static unsigned triple_count;

static unsigned number_of(int32_t op)
{
    const int32_t *ops = sk_interp_ops();
    for (unsigned i = 0; i < MOST; i++)
        if (ops[i] == op)
            return i;
    return SK_IOP_NOP;
}

static void count(const struct sk_image *image)
{
    const struct sk_program *p = image->program;
    unsigned char *leader = calloc(p->count + 1, 1);
    unsigned short *op = calloc(p->count, sizeof *op);
    for (uint32_t i = 0; i < p->count; i++) {
        op[i] = (unsigned short)number_of(image->code[i].op);
        if (p->target_of[i] != SK_NO_INDEX)
            leader[p->target_of[i]] = 1;
    }
    for (uint32_t i = 0; i + 1 < p->count; i++) {
        if (leader[i + 1])
            continue;
        pairs[op[i]][op[i + 1]]++;
        if (i + 2 < p->count && !leader[i + 2] && triple_count < sizeof triples / sizeof *triples)
            triples[triple_count++] = (struct triple){1, {op[i], op[i + 1], op[i + 2]}};
    }
    free(leader);
    free(op);
}

static void section(unsigned char *code, size_t size)
{
    skep_error err;
    struct sk_program *program;
    struct sk_image *image;
    for (size_t at = 0; at + 8 <= size; at += 8) {
        if (code[at] == 0x18 && code[at + 1] >> 4)
            code[at + 1] &= 15;
        if (code[at] == 0x85 && code[at + 1] >> 4)
            code[at + 1] &= 15;
    }
    if (sk_structural_load(&sk_default_hooks, code, size, SKEP_LITTLE_ENDIAN, &program, &err)) {
        fprintf(stderr, "%s\n", err.message);
        return;
    }
    if (!sk_image_create(program, NULL, true, &image, &err)) {
        count(image);
        sk_image_unref(image);
    }
    sk_program_unref(program);
}

static int by_parts(const void *a, const void *b) { return memcmp(((const struct triple *)a)->part, ((const struct triple *)b)->part, sizeof((const struct triple *)a)->part); }
static int by_count(const void *a, const void *b)
{
    unsigned x = ((const struct triple *)a)->count, y = ((const struct triple *)b)->count;
    return (x < y) - (x > y);
}

int main(int argc, char **argv)
{
    static unsigned char bytes[1 << 22];
    for (int a = 1; a < argc; a++) {
        FILE *f = fopen(argv[a], "rb");
        struct sk_elf elf;
        skep_error err;
        if (!f)
            continue;
        size_t size = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        if (sk_elf_open(&elf, bytes, size, &err))
            continue;
        for (uint32_t s = 0; s < elf.section_count; s++) {
            struct sk_elf_section sec;
            if (sk_elf_section(&elf, s, &sec) && (sec.flags & SK_SHF_EXECINSTR) && sec.data && sec.size)
                section((unsigned char *)(uintptr_t)sec.data, sec.size);
        }
    }
    for (unsigned i = 0; i < MOST; i++)
        for (unsigned j = 0; j < MOST; j++)
            if (pairs[i][j])
                triples[triple_count++] = (struct triple){pairs[i][j], {(unsigned short)i, (unsigned short)j, 65535}};
    qsort(triples, triple_count, sizeof *triples, by_parts);
    unsigned n = 0;
    for (unsigned i = 0; i < triple_count; i++)
        if (n && triples[i].part[2] != 65535 && !memcmp(triples[n - 1].part, triples[i].part, sizeof triples[i].part))
            triples[n - 1].count++;
        else
            triples[n++] = triples[i];
    qsort(triples, n, sizeof *triples, by_count);
    for (unsigned i = 0; i < n && triples[i].count > 2; i++)
        printf("%u %s %s %s\n", triples[i].count, names[triples[i].part[0]], names[triples[i].part[1]],
               triples[i].part[2] == 65535 ? "" : names[triples[i].part[2]]);
    return 0;
}
