/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Objects: what clang -target bpf writes (ELF), with its programs, maps and global data. Included by skep/skep.h.
 *
 *     skep_object_open(bytes, size, NULL, &object, &err);
 *     skep_object_global(object, "threshold", &address, &size, &err);        and change it
 *     skep_object_vm(object, "xdp", NULL, NULL, &vm, &err);                  makes the maps, too
 *     skep_vm_exec(vm, ...);
 *     skep_map_lookup(skep_object_find_map(object, "counts"), &key, &value, 0);
 *
 * An object belongs to one thread until its VMs run; those share its maps, which live as long as somebody has them. The
 * object must outlive its VMs.
 */
#ifndef SKEP_OBJECT_H
#define SKEP_OBJECT_H

typedef struct skep_object skep_object;

typedef struct skep_object_options {
    size_t size;
    const skep_hooks *hooks; /* copied */
    skep_cpus *cpus;         /* of its maps; NULL: those of the process */
    /*
     * Types (BTF) of the kernel that the object is to believe in: what CO-RE relocations are resolved against. Borrowed for
     * the call of skep_object_open. NULL: the object's own types, so that everything is where its source says.
     */
    const void *btf;
    size_t btf_size;
} skep_object_options;

typedef struct skep_program_info {
    size_t size;
    const char *name;    /* the function's symbol */
    const char *section; /* where it lies */
    /* With the functions that it calls behind it, calls resolved; references to maps are places in the object's maps. */
    const void *code;
    size_t code_size;
    skep_byte_order byte_order;
    /* From the section's name, by libbpf's conventions. */
    uint32_t type;         /* enum bpf_prog_type; 0: the name says nothing */
    const char *type_name; /* "xdp", "sched_cls", ...; static; "unspec" */
    const char *attach;    /* what stands behind the '/' of the section's name; "" */
    skep_kind kind;        /* what its r1 means; SKEP_NO_DATA when the name says nothing */
    bool autoload;         /* false: the section's name begins with '?' */
} skep_program_info;

/* Reads an object from `bytes`, which may go away afterwards. Errors: SKEP_ERR_OBJECT, SKEP_ERR_MEMORY. */
SKEP_API skep_code skep_object_open(const void *bytes, size_t size, const skep_object_options *options,
                                    skep_object **object, skep_error *err);
SKEP_API void skep_object_free(skep_object *object); /* NULL is fine */

/* Programs of the object: functions in executable sections other than .text, or in .text if there are no others. */
SKEP_API size_t skep_object_program_count(const skep_object *object);
/*
 * Program number `index`, in the order of the file. What `info` points to lives as long as the object. One that uses
 * what is not supported gives SKEP_ERR_UNSUPPORTED, one that is malformed SKEP_ERR_OBJECT; `info` then has its name and
 * section all the same, and no code. The other programs are not affected.
 */
SKEP_API skep_code skep_object_program(const skep_object *object, size_t index, skep_program_info *info,
                                       skep_error *err);
/*
 * The program of that section, of that name, or both; NULL for either means any. SKEP_ERR_NOT_FOUND when there is
 * none, with the names that there are; SKEP_ERR_ARGUMENT when there are several to choose from.
 */
SKEP_API skep_code skep_object_find(const skep_object *object, const char *section, const char *name,
                                    skep_program_info *info, skep_error *err);
/* The text of its license section; "" when there is none. */
SKEP_API const char *skep_object_license(const skep_object *object);

typedef struct skep_object_map_info {
    size_t size;
    const char *name;    /* of a section of global data, the section's */
    const char *section;
    bool is_data;        /* global data: an array of one */
    skep_map_type type;
    uint32_t key_size, value_size, max_entries, flags;
    skep_map *map;       /* borrowed; NULL: not made yet */
} skep_object_map_info;

SKEP_API size_t skep_object_map_count(const skep_object *object);
SKEP_API skep_code skep_object_map(const skep_object *object, size_t index, skep_object_map_info *info, skep_error *err);
/* The map of that name once it is made, borrowed; NULL: there is none, or not yet. */
SKEP_API skep_map *skep_object_find_map(const skep_object *object, const char *name);
/* Before the maps are made: another number of entries; or a map of the caller's instead, which the object takes a reference to. */
SKEP_API skep_code skep_object_set_max_entries(skep_object *object, const char *name, uint32_t max_entries, skep_error *err);
SKEP_API skep_code skep_object_set_map(skep_object *object, const char *name, skep_map *map, skep_error *err);
/*
 * Makes the maps that are not there yet, and puts into maps of maps what their definition says. skep_object_vm does it when
 * nobody has. Errors name the map.
 */
SKEP_API skep_code skep_object_load(skep_object *object, skep_error *err);

/*
 * A global variable, by its name: its memory, shared with the programs and with whoever else has it, for as long as the
 * object lives; constants (.rodata), too, which only programs cannot change. SKEP_ERR_NOT_FOUND: there is none of that name.
 */
SKEP_API skep_code skep_object_global(skep_object *object, const char *name, void **address, size_t *size, skep_error *err);

/* One of the object's own variables; those of .kconfig are found by name only. */
typedef struct skep_global_info {
    size_t size;
    const char *name, *section; /* as long as the object */
    void *address;
    size_t value_size;
    bool is_constant; /* programs cannot change it */
} skep_global_info;
/* The next one behind *cursor, 0 to begin with, in the order of the object's symbols. False: there is no more. */
SKEP_API bool skep_object_next_global(const skep_object *object, size_t *cursor, skep_global_info *info);

/*
 * Values as JSON, by the object's types: structs as objects (members of anonymous ones are their own), arrays of char as
 * strings up to the first zero byte, enums by name. Numbers beyond 2^53 are strings of decimal digits, pointers strings with
 * 0x; what has no type, or is no number, is a string of hex digits, a pair for each byte. The caller frees the text with
 * skep_free and the object's hooks. Errors: SKEP_ERR_NOT_FOUND, SKEP_ERR_ARGUMENT, SKEP_ERR_OBJECT (types that cannot be), SKEP_ERR_MEMORY.
 */
typedef enum skep_map_part { SKEP_MAP_KEY = 0, SKEP_MAP_VALUE = 1 } skep_map_part;
/* `bytes`: key_size or value_size of them; of a per-cpu map, the value of one cpu. `index` as in skep_object_map. */
SKEP_API skep_code skep_object_map_json(const skep_object *object, size_t index, skep_map_part part, const void *bytes,
                                        char **text, skep_error *err);
SKEP_API skep_code skep_object_global_json(const skep_object *object, const char *name, char **text, skep_error *err);
/*
 * Sets a global variable from text, by its type: a number (decimal, 0x, 0b, 0 for octal) that fits, an enumerator's name, true or
 * false, the characters of an array of char, a pair of hex digits for each byte of all else. SKEP_ERR_NOT_FOUND: no such
 * variable; SKEP_ERR_ARGUMENT: not such a value.
 */
SKEP_API skep_code skep_object_set_global(skep_object *object, const char *name, const char *text, skep_error *err);
/* What C calls the type of a map's key or value ("struct flow"), or the declaration of a variable; "": unknown. Freed as above. */
SKEP_API skep_code skep_object_map_type(const skep_object *object, size_t index, skep_map_part part, char **text,
                                        skep_error *err);
SKEP_API skep_code skep_object_global_type(const skep_object *object, const char *name, char **text, skep_error *err);
/* The object's types of that name as C definitions, or all that have names (NULL). Freed as above. */
SKEP_API skep_code skep_object_types(const skep_object *object, const char *name, char **text, skep_error *err);

/* What an instruction asks for before it can run. */
typedef struct skep_relocation {
    const char *section;
    uint32_t slot; /* in the section */
    bool is_core;  /* CO-RE: about the types of a kernel; else ELF's, about a symbol */
    uint32_t type; /* enum bpf_core_relo_kind, or the number of an R_BPF_ */
    const char *asks; /* the symbol (or the section), or what of which type; borrowed for the call */
} skep_relocation;
typedef bool skep_relocation_fn(void *user, const skep_relocation *relocation); /* false: enough */
/* ELF's relocations of all executable sections, by place, then those of CO-RE. Errors: SKEP_ERR_MEMORY, SKEP_ERR_ARGUMENT. */
SKEP_API skep_code skep_object_relocations(const skep_object *object, skep_relocation_fn *visit, void *user, skep_error *err);

typedef struct skep_source_line {
    const char *file, *text; /* as long as the object; text is "" where the compiler did not keep it */
    uint32_t line, column;
} skep_source_line;
/* Where slot `pc` of a program comes from; only of its own function, not of those behind it. False: nobody knows. */
SKEP_API bool skep_object_source(const skep_object *object, size_t index, uint64_t pc, skep_source_line *line);

/*
 * A VM for a program, chosen as by skep_object_find. Code, maps and the kernel's helpers are the object's; policy, budget and
 * hooks those of `options` (NULL: the defaults), and so is the kind, unless that is SKEP_NO_DATA and the section's name says
 * more.
 */
SKEP_API skep_code skep_object_vm(skep_object *object, const char *section, const char *name,
                                  const skep_vm_options *options, skep_vm **vm, skep_error *err);

#endif
