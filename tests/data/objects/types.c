/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every kind of BTF type, and values of them. tests/unit/test_btf.c knows names, sizes and numbers in here. */
#define SEC(name) __attribute__((section(name), used))
#define TAG(text) __attribute__((btf_decl_tag(text)))

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

enum color { RED, GREEN = 5, BLUE = -2 };
enum big { SMALL = 1, HUGE_ONE = 0x123456789abcdefULL };
enum plain { ONE = 1, MANY = 0xfffffff0 };

struct opaque;
union word {
    u32 whole;
    u8 bytes[4];
};

struct inner {
    int x;
    short y[3];
};

struct all {
    u64 first;
    struct inner inner, row[2];
    union word word;
    enum color color;
    enum big big;
    enum plain plain;
    char name[8];
    _Bool flag;
    u32 low : 3, high : 29;
    int negative : 5;
    struct {
        u8 hidden;
        union {
            u8 deeper;
            signed char other;
        };
    };
    const volatile u32 *pointer;
    struct opaque *opaque;
    int (*call)(struct all *self, int argument, ...);
    u32 grid[2][3];
    float real;
    double real64;
    __int128 wide;
    char tail[];
} TAG("a struct");

struct tagged {
    int __attribute__((btf_type_tag("user"))) *user;
    int field TAG("a member");
};

struct old___flavour {
    int a;
};

struct all value;
struct tagged tagged_value;
struct old___flavour old_value;
static const volatile u32 constant = 7;
u32 counter TAG("a variable") = 3;
void *restrict restricted;

static __attribute__((noinline)) int add(struct all *self, int y)
{
    return self->inner.x + y;
}

SEC("socket") int program(void *context TAG("an argument"))
{
    counter += constant;
    return add(&value, (int)counter) + tagged_value.field + old_value.a + (restricted != context);
}

char _license[] SEC("license") = "Dual MIT/GPL";
