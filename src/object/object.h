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
#include "btf/btf.h"
#include "btf/ext.h"
#include "btf/mapdef.h"
#include "object/elf.h"

/* Our own limit: slots of all programs of an object, counting a function once for each program that has it. */
#define SK_OBJECT_MAX_SLOTS (4u * SKEP_MAX_SLOTS)

enum sk_link_state { SK_LINK_NOT_YET, SK_LINK_DONE, SK_LINK_FAILED };

/* Where in a linked program a function begins, in slots; in rising order. */
struct sk_piece {
    uint32_t at, function;
};

/* A piece of an executable section, in slots. Several symbols may name it. */
struct sk_function {
    uint32_t section, start, end;
    uint32_t symbol; /* the first one that names it; 0: it is a whole section without functions */
    uint8_t state;   /* enum sk_link_state, of it as a program */
    skep_code error; /* of SK_LINK_FAILED */
    uint64_t error_pc;
    uint32_t first_piece, piece_count; /* of the program, in sk_object.pieces */
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

/* In place of a section: the externs of .kconfig, which has none. */
#define SK_OBJECT_KCONFIG UINT32_MAX

/* A map that the object defines, or a section of its global data, which is an array of one. */
struct sk_object_map {
    const char *name;
    uint32_t section;      /* where it is defined */
    uint64_t offset, size; /* there: of its definition, or 0 and the section's size */
    bool is_data, has_inner;
    uint32_t type, key_size, value_size, max_entries, flags;
    uint64_t extra;
    struct sk_btf_map_spec inner;
    uint32_t key_btf, value_btf;      /* their types; 0: unknown */
    uint32_t lock_offset, timer_offset; /* as in skep_map_options */
    uint32_t values, value_count;     /* in .maps: what a map of maps or programs begins with */
    skep_map *map;                    /* counted; NULL: not made yet */
};

/* A variable that somebody else is to provide (.kconfig). */
struct sk_object_extern {
    const char *name;
    uint32_t offset, size; /* in the data of .kconfig */
    bool weak, set;
};

struct sk_object {
    const skep_hooks *hooks;
    struct skep_cpus *cpus; /* borrowed for its maps; NULL: the default */
    struct sk_object_map *maps;
    uint32_t map_count;
    bool has_btf, has_ext;
    struct sk_btf btf;
    struct sk_btf_ext ext;
    struct sk_btf_map *btf_maps; /* what .maps says, in its order */
    uint32_t btf_map_count;
    struct sk_object_extern *externs; /* of .kconfig */
    uint32_t extern_count;
    uint32_t maps_section, old_maps_section; /* .maps, maps; 0: none */
    uint8_t *bytes; /* our own copy of the file */
    struct sk_elf elf;
    struct sk_function *functions; /* by section and start */
    uint32_t function_count;
    struct sk_object_entry *programs; /* by section and start */
    uint32_t program_count;
    struct sk_record *relocs; /* by section and slot; a = symbol, b = type */
    uint32_t reloc_count;
    struct sk_buf code, messages;
    struct sk_buf pieces; /* struct sk_piece */
};

/* `hooks` must outlive the object; `target`, the types that CO-RE relocations are resolved against (NULL: its own), the call. On failure nothing needs to be closed. Errors: SKEP_ERR_OBJECT, SKEP_ERR_MEMORY. */
skep_code sk_object_open(struct sk_object *object, const skep_hooks *hooks, struct skep_cpus *cpus,
                         const struct sk_btf *target, const void *bytes, size_t size, skep_error *err);
void sk_object_close(struct sk_object *object);
/* The linked code of a program, or why there is none; its names in either case. `index` must be in range. */
skep_code sk_object_program(const struct sk_object *object, uint32_t index, skep_program_info *info, skep_error *err);

/* maps.c: finds the maps that the object defines; those of global data are made at once, with its contents. */
skep_code sk_object_find_maps(struct sk_object *object, skep_error *err);
void sk_object_free_maps(struct sk_object *object);
/* Makes the others, and puts maps into maps. */
skep_code sk_object_make_maps(struct sk_object *object, skep_error *err);
/* The map whose definition, or data, is at that offset of the section; NULL: none is. */
struct sk_object_map *sk_object_map_at(const struct sk_object *object, uint32_t section, uint64_t offset);

/* The line of the source that a slot of the program comes from. False: nobody knows. */
bool sk_object_line(const struct sk_object *object, uint32_t program, uint32_t pc, struct sk_btf_line *line);

/* link.c: links every program. Only SKEP_ERR_MEMORY fails; other errors are kept with their function. */
skep_code sk_object_link(struct sk_object *object, skep_error *err);
/* The first record whose key is not below `key`. */
uint32_t sk_record_lower(const struct sk_record *records, uint32_t count, uint64_t key);

static inline uint64_t sk_record_key(uint32_t section, uint32_t slot) { return (uint64_t)section << 32 | slot; }

#endif
