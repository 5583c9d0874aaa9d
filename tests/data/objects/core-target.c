/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the programs of core.c are fitted to: the same names, laid out otherwise. Nothing here is run. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct inner {
    long before;
    int y, x;
};

enum color { RED = 1, GREEN, BLUE = 70, HIGH = 0xffffff00 };
enum wide { NARROW = 0x200000002ULL, WIDE = 5 };
enum level { LOW = -5, TOP = 1 };

struct sample {
    char name[24];
    struct {
        long padding;
        struct {
            union {
                short other;
                int deep;
            };
            int anon;
        };
    };
    struct inner arr[6];
    int a;
    u64 grows;
    u32 shrinks;
    long signed_grows;
    struct sample *next;
    struct inner in;
    u64 first : 20, mid : 30, low : 2;
    long negative : 9;
    u32 wide_bits;
    enum color color;
    struct inner kind_changes;
    int open[];
};

struct twin___1 {
    int m;
};
struct twin___2 {
    long before;
    int m;
};

typedef u64 number;
typedef struct {
    char before[12];
    int field;
} boxed;

struct exact {
    long more;
    enum color color;
    int x;
    struct inner *pointer;
    u8 bytes[4];
};
struct larger {
    int x;
};
union word {
    u32 a;
    u16 b;
    u8 c;
};
typedef int (*callback)(struct inner *, u64);

struct sample sample;
struct twin___1 twin1;
struct twin___2 twin2;
number a_number;
boxed a_box;
struct exact exact;
struct larger larger;
union word word;
callback a_callback;
enum wide wide;
enum level level;
