/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Programs of Linux's types, with values of each kind of type in maps and globals; tests/tool/cli.py runs them. */
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, type) typeof(type) *name

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct xdp_md {
    u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};
struct __sk_buff {
    u32 len, pkt_type, mark, queue_mapping, protocol;
};

enum color { RED, GREEN = 5 };

struct key {
    u16 protocol;
    u8 pad[2];
    enum color color;
};

struct value {
    u64 packets;
    struct {
        int least;
        u8 bytes[3];
    } inner;
    char name[9];
    union {
        u32 first;
        u16 second;
    };
    u32 low : 3, high : 5;
    _Bool seen;
    void *pointer;
};

struct {
    __uint(type, 1);
    __uint(max_entries, 16);
    __type(key, struct key);
    __type(value, struct value);
} flows SEC(".maps");

struct {
    __uint(type, 6);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u64);
} lengths SEC(".maps");

struct {
    __uint(type, 2);
    __uint(max_entries, 2);
    __uint(key_size, 4);
    __uint(value_size, 2);
} plain SEC(".maps");

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static u64 (*ktime_get_ns)(void) = (void *)5;
static long (*trace_printk)(const char *fmt, u32 size, ...) = (void *)6;
static u32 (*prandom)(void) = (void *)7;
static long (*xdp_adjust_head)(struct xdp_md *ctx, int delta) = (void *)44;

u64 total;
int limit = -7;
u8 drop = 0;
enum color color = GREEN;
char label[9] = "none";
u8 raw[4];
_Bool tell;
struct value last;
const volatile u32 answer = 42;

SEC("xdp") int count(struct xdp_md *ctx)
{
    u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
    struct key key = {.color = color};
    u32 zero = 0;
    if (data + 14 > end)
        return 0;
    key.protocol = (u16)(data[12] << 8 | data[13]);
    u64 *length = lookup(&lengths, &zero);
    if (length)
        *length += (u64)(end - data);
    struct value *old = lookup(&flows, &key), fresh = {.packets = 1, .name = "packet", .inner = {-1, {1, 2, 255}}};
    if (old) {
        old->packets++;
    } else {
        fresh.first = 0x10002;
        fresh.low = 5;
        fresh.high = 17;
        fresh.seen = 1;
        update(&flows, &key, &fresh, 0);
        last = fresh;
    }
    total++;
    if (tell)
        trace_printk("protocol %x", 12, key.protocol);
    return drop && key.protocol == 0x86dd ? 1 : 2;
}

SEC("xdp/push") int push(struct xdp_md *ctx)
{
    if (xdp_adjust_head(ctx, -4))
        return 0;
    u8 *data = (u8 *)(long)ctx->data, *end = (u8 *)(long)ctx->data_end;
    if (data + 18 > end)
        return 0;
    for (int i = 0; i < 12; i++)
        data[i] = data[i + 4];
    data[12] = 0x81;
    data[13] = 0;
    data[14] = 0;
    data[15] = 7;
    return 3;
}

SEC("tc") int classify(struct __sk_buff *skb)
{
    return skb->protocol == 0x0608 ? 2 : skb->len > 1000 ? -1 : 0; /* ARP, in network order */
}

SEC("cgroup_skb/ingress") int version(struct __sk_buff *skb)
{
    return skb->len > 1000;
}

SEC("kprobe/do_something") long argument(unsigned long *regs) { return (long)regs[14]; /* rdi */ }
SEC("socket") int clocks(struct __sk_buff *skb)
{
    return (int)(ktime_get_ns() ^ prandom());
}

char _license[] SEC("license") = "Dual MIT/GPL";
