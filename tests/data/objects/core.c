/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * CO-RE relocations of every kind, each in a program of its own. core-target.c has the types that they are fitted to;
 * tests/unit/test_core.c knows what comes out, tests/libbpf/test_core.c asks libbpf.
 */
#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct inner {
    int x, y;
} CORE;

enum color { RED, GREEN, BLUE = 7, GONE, HIGH = 0xfffffff0 };
enum wide { WIDE = 0x100000001ULL, NARROW = 2 };
enum level { LOW = -1, TOP = 1 };

struct sample {
    int a;
    u32 grows;
    u64 shrinks;
    int signed_grows;
    char name[16];
    struct inner in;
    struct inner arr[4];
    struct {
        int anon;
        union {
            int deep;
            short other;
        };
    };
    struct sample *next;
    u32 low : 3, mid : 11;
    int negative : 7;
    u64 wide_bits : 40;
    enum color color;
    int gone;
    short kind_changes;
    int open[];
} CORE;

struct sample___old {
    long renamed;
    int a;
} CORE;

struct missing {
    int x;
} CORE;

struct twin {
    int m;
} CORE;

typedef u32 number;
typedef struct {
    int field;
} CORE boxed;

struct exact {
    int x;
    struct inner *pointer;
    enum color color;
    u8 bytes[4];
} CORE;
struct larger {
    int x;
    long not_there;
} CORE;
union word {
    u32 a;
    u16 b;
} CORE;
typedef int (*callback)(struct inner *, u64);

#define OFFSET 0
#define SIZE 1
#define EXISTS 2
#define SIGNED 3
#define LSHIFT 4
#define RSHIFT 5

#define PROGRAM(name) SEC("socket") int name(struct sample *s)
#define FIELD(name, field, what)                                                                                       \
    PROGRAM(name)                                                                                                      \
    {                                                                                                                  \
        return __builtin_preserve_field_info(s->field, what);                                                          \
    }
#define TYPE(name, type, what)                                                                                         \
    PROGRAM(name)                                                                                                      \
    {                                                                                                                  \
        return __builtin_preserve_type_info(*(type *)0, what);                                                         \
    }
#define ID(name, type, what)                                                                                           \
    PROGRAM(name)                                                                                                      \
    {                                                                                                                  \
        return (int)__builtin_btf_type_id(*(type *)0, what);                                                           \
    }
#define ENUM(name, type, value, what)                                                                                  \
    PROGRAM(name)                                                                                                      \
    {                                                                                                                  \
        return (int)__builtin_preserve_enum_value(*(type *)value, what);                                               \
    }

PROGRAM(load_a) { return s->a; }
PROGRAM(load_grows) { return (int)s->grows; }
PROGRAM(load_shrinks) { return (int)s->shrinks; }
PROGRAM(load_signed_grows) { return s->signed_grows; }
PROGRAM(load_nested) { return s->in.y; }
PROGRAM(load_element) { return s->arr[2].y; }
PROGRAM(load_second) { return s[1].a; }
PROGRAM(load_anonymous) { return s->deep; }
PROGRAM(load_pointer) { return s->next != 0; }
PROGRAM(load_open) { return s->open[3]; }
PROGRAM(load_gone) { return s->gone; }
PROGRAM(load_old) { return ((struct sample___old *)s)->a; }
PROGRAM(load_renamed) { return (int)((struct sample___old *)s)->renamed; }
PROGRAM(load_missing) { return ((struct missing *)s)->x; }
PROGRAM(load_boxed) { return ((boxed *)s)->field; }
PROGRAM(load_kind_changes) { return s->kind_changes; }
PROGRAM(address_of_name) { return (int)(unsigned long)&s->name; }
PROGRAM(address_of_letter) { return (int)(unsigned long)&s->name[5]; }
PROGRAM(store)
{
    s->a = 1;
    s->grows = 2;
    s->in.x = (int)(unsigned long)s;
    return 0;
}

FIELD(offset_color, color, OFFSET)
FIELD(offset_mid, mid, OFFSET)
FIELD(offset_wide_bits, wide_bits, OFFSET)
FIELD(offset_arr3, arr[3], OFFSET)
FIELD(size_a, a, SIZE)
FIELD(size_name, name, SIZE)
FIELD(size_mid, mid, SIZE)
FIELD(size_shrinks, shrinks, SIZE)
FIELD(exists_a, a, EXISTS)
FIELD(exists_gone, gone, EXISTS)
FIELD(exists_kind, kind_changes, EXISTS)
FIELD(exists_element, arr[3].x, EXISTS)
FIELD(signed_a, a, SIGNED)
FIELD(signed_grows, grows, SIGNED)
FIELD(signed_negative, negative, SIGNED)
FIELD(signed_color, color, SIGNED)
FIELD(signed_gone, gone, SIGNED)
FIELD(lshift_mid, mid, LSHIFT)
FIELD(rshift_mid, mid, RSHIFT)
FIELD(lshift_a, a, LSHIFT)
FIELD(rshift_a, a, RSHIFT)
FIELD(lshift_wide_bits, wide_bits, LSHIFT)
FIELD(rshift_wide_bits, wide_bits, RSHIFT)
FIELD(lshift_negative, negative, LSHIFT)

ID(id_local, struct sample, 0)
ID(id_target, struct sample, 1)
ID(id_missing, struct missing, 1)
TYPE(type_exists, struct sample, 0)
TYPE(type_missing, struct missing, 0)
TYPE(typedef_exists, number, 0)
TYPE(callback_exists, callback, 0)
TYPE(union_exists, union word, 0)
TYPE(type_size, struct sample, 1)
TYPE(type_size_missing, struct missing, 1)
TYPE(matches_exact, struct exact, 2)
TYPE(matches_larger, struct larger, 2)
TYPE(matches_inner, struct inner, 2)
TYPE(matches_sample, struct sample, 2)
TYPE(matches_callback, callback, 2)
TYPE(matches_color, enum color, 2)
TYPE(matches_word, union word, 2)

ENUM(enum_exists, enum color, BLUE, 0)
ENUM(enum_gone, enum color, GONE, 0)
ENUM(enum_value, enum color, BLUE, 1)
ENUM(enum_value_gone, enum color, GONE, 1)
ENUM(enum_negative, enum level, LOW, 1)
ENUM(enum_wide, enum wide, WIDE, 1)
ENUM(enum_narrow, enum wide, NARROW, 1)

/* What libbpf gives up on: target types that do not agree; an unsigned enumerator from 2^31 on. */
PROGRAM(ambiguous) { return ((struct twin *)s)->m; }
TYPE(ambiguous_size, struct twin, 1)
TYPE(unambiguous, struct twin, 0)
ENUM(enum_high, enum color, HIGH, 1)

char _license[] SEC("license") = "Dual MIT/GPL";
