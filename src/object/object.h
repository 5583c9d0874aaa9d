/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The programs of a BPF object: which functions are programs, and the code of each with the functions that it calls
 * behind it.
 *
 * Everything is decided when the object is opened; afterwards it does not change, so threads may share it. A program
 * that cannot be linked (it uses a map, say) does not stand in the way of the others: its error is kept and given to
 * who asks for it. What a file can make us do is bounded: a program by SKEP_MAX_SLOTS, all of them together by
 * SK_OBJECT_MAX_SLOTS; the rest is linear in the file, but for a sort.
 */
#ifndef SK_OBJECT_H
#define SK_OBJECT_H

#include "base/buf.h"
#include "base/error.h"
#include "object/elf.h"

/* Our own limit: slots of all programs of an object, counting a function once for each program that has it. */
#define SK_OBJECT_MAX_SLOTS (4u * SKEP_MAX_SLOTS)

enum sk_link_state { SK_LINK_NOT_YET, SK_LINK_DONE, SK_LINK_FAILED };

/* A piece of an executable section, in slots. Several symbols may name it. */
struct sk_function {
    uint32_t section, start, end;
    uint32_t symbol; /* the first one that names it; 0: it is a whole section without functions */
    uint8_t state;   /* enum sk_link_state, of it as a program */
    skep_code error; /* of SK_LINK_FAILED */
    uint64_t error_pc;
    size_t at;   /* its linked code in sk_object.code, or its message in sk_object.messages */
    size_t size; /* bytes of the code */
};

struct sk_object_entry {
    const char *name, *section;
    uint32_t function;
};

/* A relocation of an executable section, or a function while they are sorted. */
struct sk_record {
    uint64_t key; /* section << 32 | slot */
    uint32_t a, b;
};

struct sk_object {
    const skep_hooks *hooks;
    uint8_t *bytes; /* our own copy of the file */
    struct sk_elf elf;
    struct sk_function *functions; /* by section and start */
    uint32_t function_count;
    struct sk_object_entry *programs; /* by section and start */
    uint32_t program_count;
    struct sk_record *relocs; /* by section and slot; a = symbol, b = type */
    uint32_t reloc_count;
    struct sk_buf code, messages;
};

/* `hooks` must outlive the object. On failure nothing needs to be closed. Errors: SKEP_ERR_OBJECT, SKEP_ERR_MEMORY. */
skep_code sk_object_open(struct sk_object *object, const skep_hooks *hooks, const void *bytes, size_t size,
                         skep_error *err);
void sk_object_close(struct sk_object *object);
/* The linked code of a program, or why there is none; its names in either case. `index` must be in range. */
skep_code sk_object_program(const struct sk_object *object, uint32_t index, skep_program_info *info, skep_error *err);

/* link.c: links every program. Only SKEP_ERR_MEMORY fails; other errors are kept with their function. */
skep_code sk_object_link(struct sk_object *object, skep_error *err);
/* The first record whose key is not below `key`. */
uint32_t sk_record_lower(const struct sk_record *records, uint32_t count, uint64_t key);

static inline uint64_t sk_record_key(uint32_t section, uint32_t slot) { return (uint64_t)section << 32 | slot; }

#endif
