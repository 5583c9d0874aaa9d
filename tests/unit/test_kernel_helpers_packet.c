/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's helpers on packets. Unless a comment says otherwise, expected values are what Linux 6.18 returned to the same
 * calls, made by programs in BPF_PROG_TEST_RUN on the same packet: bytes 0 to 63, with 08 00 45 at 12.
 */
#include <arpa/inet.h>

#include "helper_tools.h"

static void begin(struct rig *rig, skep_kind kind)
{
    rig->kind = kind;
    rig->headroom = 64;
    rig->packet_size = 64;
    memset(rig->room, 0xee, sizeof rig->room);
    for (unsigned i = 0; i < 64; i++)
        rig->room[64 + i] = (uint8_t)i;
    memcpy(rig->room + 64 + 12, "\x08\0\x45", 3);
    memset(rig->context, 0, sizeof rig->context);
}

static void expect(const uint64_t *results, const int64_t *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((int64_t)results[i] != wanted[i])
            fail_msg("step %zu gives %lld instead of %lld", i, (long long)results[i], (long long)wanted[i]);
}
#define EXPECT(results, ...) expect(results, (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / 8)
#define C CONTEXT

static void test_skb_bytes_in(struct rig *rig)
{
    uint64_t r[24];
    begin(rig, SKEP_SCHED_CLS);
    memset(rig->data, 9, 64);
    STEPS(r, {26, {C, 0, AT(0), 4}, 0}, {26, {C, 60, AT(4), 4}, 0}, {26, {C, 61, AT(8), 4}, 0}, {26, {C, 0x80000000, AT(8), 4}, 0},
          {68, {C, 0, AT(12), 4, 0}, 0}, {68, {C, 0, AT(16), 4, 1}, 0}, {68, {C, 0, AT(20), 4, 2}, 0}, {68, {C, 0x10000, AT(20), 4, 1}, 0},
          {68, {C, 47, AT(20), 4, 1}, 0}, {9, {C, 60, AT(32), 4, 0}, 0}, {9, {C, 61, AT(32), 4, 0}, 0}, {9, {C, 0, AT(32), 4, 4}, 0},
          {9, {C, 0, AT(32), 4, 3}, 0}, {39, {C, 64}, 0}, {39, {C, 65}, 0}, {39, {C, 0}, 0});
    EXPECT(r, 0, 0, -SKEP_EFAULT, -SKEP_EFAULT, 0, 0, -SKEP_EFAULT, -SKEP_EFAULT, -SKEP_EFAULT, 0, -SKEP_EFAULT, -SKEP_EINVAL, 0, 0, -SKEP_ENOMEM,
           0);
    assert_memory_equal(rig->data, "\0\1\2\3\74\75\76\77\0\0\0\0\0\1\2\3\x45\x0f\x10\x11\0\0\0\0\t", 25);
    assert_memory_equal(rig->packet, "\t\t\t\t\4", 5);
    assert_memory_equal(rig->packet + 59, "\73\t\t\t\t\xee", 6);
    FAILS(26, SKEP_ERR_ACCESS, "skb_load_bytes: argument 3", C, 0, AT(BOX), 4);
    FAILS(26, SKEP_ERR_ACCESS, "skb_load_bytes: argument 1", AT(0), 0, AT(0), 4);
    FAILS(9, SKEP_ERR_ACCESS, "skb_store_bytes: argument 3", C, 0, 0, 4, 0);
    FAILS(189, SKEP_ERR_HELPER, "have no use for it", C, 0, AT(0), 4);
    rig->kind = 0;
    FAILS(40, SKEP_ERR_HELPER, "have no use for it", (uintptr_t)rig->args, 0);
}
BOTH(test_skb_bytes)

static void test_skb_fields_in(struct rig *rig)
{
    uint64_t r[24];
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {40, {C, 1}, 0}, {135, {C, 0}, 0}, {135, {C, 1}, 0}, {135, {C, 4}, 0}, {135, {C, 3}, 0}, {32, {C, 3}, 0}, {32, {C, 4}, 0},
          {48, {C, 7}, 0}, {34, {C}, 0}, {79, {C}, 0}, {83, {C, 0}, 0}, {83, {C, 1}, 0}, {151, {C}, 0}, {192, {C, 5, 1}, 0}, {192, {C, 0, 1}, 0},
          {192, {C, 5, 3}, 0}, {97, {C}, 0}, {84, {C, AT(0), 12, 0, 0}, 0}, {47, {C}, 0});
    EXPECT(r, -SKEP_ENOTSUPP, -SKEP_EACCES, 0, -SKEP_EINVAL, 0, 0, -SKEP_EINVAL, 0, 7, 1, 1, 0, 0, 0, -SKEP_EINVAL, -SKEP_EINVAL, 1, 0, 0);
    assert_int_equal(rig->context[1], 3); /* pkt_type */
    assert_int_equal(rig->context[17], 7); /* hash */
    uint64_t tstamp;
    memcpy(&tstamp, (const uint8_t *)rig->context + 152, 8);
    assert_int_equal(tstamp, 5);
    assert_int_equal(((const uint8_t *)rig->context)[180], 1);
    STEPS(r, {41, {C}, 0}, {34, {C}, 0}, {34, {C}, 0}, {192, {C, 5, 0}, 0});
    assert_true(r[1] && r[1] == r[2] && !r[3]);
    rig->context[4] = htons(0x806);
    STEPS(r, {192, {C, 5, 1}, 0}, {41, {C}, 0}, {34, {C}, 0}, {97, {C}, 0});
    EXPECT(r, -SKEP_EOPNOTSUPP, 0, 0, 0);
}
BOTH(test_skb_fields)

static void test_skb_room_in(struct rig *rig)
{
    uint64_t r[24];
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {38, {C, 13, 0}, 0}, {38, {C, 14, 1}, 0}, {38, {C, 80, 0}, 0}, {38, {C, 40, 0}, 0}, {38, {C, 16065, 0}, 0}, {38, {C, 64, 0}, 0},
          {43, {C, 16, 0}, 0}, {43, {C, 16, 1}, 0}, {43, {C, (uint64_t)-1, 0}, 0}, {43, {C, 16000, 0}, 0}, {26, {C, 12, AT(0), 8}, 0},
          {68, {C, 0, AT(8), 4, 1}, 0}, {68, {C, 0, AT(12), 4, 0}, 0});
    EXPECT(r, -SKEP_EINVAL, -SKEP_EINVAL, 0, 0, -SKEP_EINVAL, 0, 0, -SKEP_EINVAL, -SKEP_EINVAL, -SKEP_EINVAL, 0, 0, 0);
    assert_memory_equal(rig->data, "\0\0\0\0\0\1\2\3\x45\x0f\x10\x11\0\0\0\0", 16);
    assert_int_equal(rig->packet_size, 80);
    assert_int_equal(rig->context[0], 80); /* len */
    assert_ptr_equal(rig->packet, rig->room + 48);
    assert_true(rig->packet[16 + 39] == 39 && rig->packet[16 + 40] == 0);
    /* Not as on Linux, which finds more room. */
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {43, {C, 65, 0}, 0}, {43, {C, 64, 0}, 0}, {43, {C, 1, 0}, 0}, {38, {C, 128 + 129, 0}, 0}, {38, {C, 128 + 128, 0}, 0});
    EXPECT(r, -SKEP_ENOMEM, 0, -SKEP_ENOMEM, -SKEP_ENOMEM, 0);
    assert_ptr_equal(rig->packet, rig->room);
    assert_int_equal(rig->packet_size, 256);
}
BOTH(test_skb_room)

static void test_vlan_in(struct rig *rig)
{
    uint64_t r[24];
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {18, {C, htons(0x88a8), 5}, 0});
    assert_true(rig->packet_size == 64 && rig->context[5] == 1 && rig->context[6] == 5 && rig->context[7] == htons(0x88a8));
    assert_int_equal(rig->context[4], htons(0x800));
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {18, {C, htons(0x88a8), 5}, 0}, {18, {C, htons(0x1234), 6}, 0}, {68, {C, 0, AT(0), 4, 1}, 0});
    assert_true(rig->packet_size == 68 && rig->context[5] == 1 && rig->context[6] == 6 && rig->context[7] == htons(0x8100));
    assert_int_equal(rig->context[4], htons(0x88a8));
    assert_memory_equal(rig->packet, "\0\1\2\3\4\5\6\7\10\11\12\13\x88\xa8\0\5\x08\0\x45", 19);
    assert_memory_equal(rig->data, "\0\5\x08\0", 4);
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {18, {C, htons(0x88a8), 5}, 0}, {18, {C, htons(0x1234), 6}, 0}, {19, {C}, 0});
    assert_true(rig->packet_size == 64 && rig->context[5] == 1 && rig->context[6] == 5 && rig->context[7] == htons(0x88a8));
    assert_int_equal(rig->context[4], htons(0x800));
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {18, {C, htons(0x88a8), 5}, 0}, {18, {C, htons(0x1234), 6}, 0}, {19, {C}, 0}, {19, {C}, 0}, {19, {C}, 0},
          {68, {C, 0, AT(0), 4, 1}, 0});
    EXPECT(r, 0, 0, 0, 0, 0, 0);
    assert_true(rig->packet_size == 64 && rig->context[5] == 0 && rig->context[6] == 0 && rig->context[7] == 0);
    assert_memory_equal(rig->packet, "\0\1\2\3\4\5\6\7\10\11\12\13\x08\0\x45", 15);
    assert_memory_equal(rig->data, "\x45\x0f\x10\x11", 4);
    /* Without headroom there is no room for a second tag. Not so on Linux. */
    begin(rig, SKEP_SCHED_CLS);
    rig->headroom = 2;
    STEPS(r, {18, {C, htons(0x8100), 5}, 0}, {18, {C, htons(0x8100), 6}, 0});
    EXPECT(r, 0, -SKEP_ENOMEM);
}
BOTH(test_vlan)

static void test_proto_in(struct rig *rig)
{
    uint64_t r[24];
    const uint16_t v4 = htons(0x800), v6 = htons(0x86dd);
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {31, {C, v6, 0}, 0}, {26, {C, 12, AT(0), 8}, 0}, {26, {C, 32, AT(8), 8}, 0}, {68, {C, 0, AT(16), 4, 1}, 0}, {31, {C, v6, 0}, 0},
          {31, {C, v4, 1}, 0});
    EXPECT(r, 0, 0, 0, 0, -SKEP_ENOTSUPP, -SKEP_EINVAL);
    assert_int_equal(rig->packet_size, 84);
    assert_int_equal(rig->context[4], v6);
    assert_memory_equal(rig->data, "\x08\0\0\0\0\0\0\0\0\0\x45\x0f\x10\x11\x12\x13\0\0\0\0", 20);
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {31, {C, v6, 0}, 0}, {31, {C, v4, 0}, 0});
    EXPECT(r, 0, 0);
    assert_int_equal(rig->packet_size, 64);
    assert_memory_equal(rig->packet, "\0\1\2\3\4\5\6\7\10\11\12\13\x08\0\x45\x0f", 16);
}
BOTH(test_proto)

static void sum(struct rig *rig, uint32_t id, uint16_t before, uint64_t from, uint64_t to, uint64_t flags, uint16_t wanted)
{
    uint64_t r[2];
    uint16_t after;
    begin(rig, SKEP_SCHED_CLS);
    memcpy(rig->room + 64 + 24, &before, 2);
    STEPS(r, {id, {C, 24, from, to, flags}, 0});
    assert_int_equal(r[0], 0);
    memcpy(&after, rig->packet + 24, 2);
    if (after != wanted)
        fail_msg("%#x from %#llx to %#llx: %#x instead of %#x", before, (unsigned long long)from, (unsigned long long)to, after, wanted);
}

static void test_sums_in(struct rig *rig)
{
    uint64_t r[24];
    sum(rig, 10, 0x1234, 0x1111, 0x2222, 2, 291);
    sum(rig, 10, 291, 0x11112222, 0x33334444, 4, 48350);
    sum(rig, 10, 48350, 0, 0x12345678, 0, 21554);
    sum(rig, 11, 21554, 0x1111, 0x2222, 2, 17185);
    sum(rig, 11, 17185, 0x11112222, 0x33334444, 4 | 16, 65244);
    sum(rig, 11, 65244, 0, 0x12345678, 0, 38448);
    sum(rig, 11, 0, 1, 2, 2 | 32, 0);
    sum(rig, 11, 0, 1, 2, 2 | 32 | 64, 65534);
    sum(rig, 11, 0xfffe, 0, 1, 2 | 32, 65533);
    sum(rig, 11, 0xfffe, 0, 1, 2, 65533);
    sum(rig, 11, 65533, 0, 1, 2 | 128, 65532);
    sum(rig, 10, 0xffff, 0, 0, 2, 0);
    sum(rig, 10, 0, 0, 0, 4, 0);
    sum(rig, 10, 0, 5, 5, 2, 0);
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {10, {C, 24, 1, 2, 0}, 0}, {10, {C, 24, 1, 2, 3}, 0}, {10, {C, 25, 1, 2, 2}, 0}, {10, {C, 24, 1, 2, 16}, 0}, {10, {C, 64, 1, 2, 2}, 0},
          {10, {C, 0x10000, 1, 2, 2}, 0}, {11, {C, 24, 1, 2, 0}, 0}, {11, {C, 24, 1, 2, 0x102}, 0});
    EXPECT(r, -SKEP_EINVAL, -SKEP_EINVAL, -SKEP_EFAULT, -SKEP_EINVAL, -SKEP_EFAULT, -SKEP_EFAULT, -SKEP_EINVAL, -SKEP_EINVAL);

    /* csum_diff, here because the kernel was asked at the same time. */
    const uint32_t f[4] = {1, 0x11223344, 0xffffffff, 0x80000001}, g[4] = {0xffffffff, 0xffffffff, 5, 7};
    memcpy(rig->data, f, 16);
    memcpy(rig->data + 16, g, 16);
    STEPS(r, {28, {AT(0), 16, AT(16), 16, 0}, 0}, {28, {AT(0), 16, 0, 0, 0}, 0}, {28, {0, 0, AT(16), 16, 0x12345678}, 0},
          {28, {AT(0), 16, 0, 0, 0x12345678}, 0}, {28, {0, 0, 0, 0, 0x12345678}, 0}, {28, {AT(0), 16, AT(0), 16, 0}, 0},
          {28, {AT(16), 4, 0, 0, 0}, 0}, {28, {AT(0), 16, AT(16), 8, 0xffffffff}, 0}, {28, {0, 0, 0, 0, 0xffffffff}, 0});
    EXPECT(r, 15267, 15255, 26808, 42051, 26796, 65535, 0, 15255, 65535);
}
BOTH(test_sums)

static void test_xdp_in(struct rig *rig)
{
    uint64_t r[24];
    begin(rig, SKEP_XDP);
    memset(rig->data, 9, 16);
    STEPS(r, {188, {C}, 0}, {189, {C, 0, AT(0), 4}, 0}, {189, {C, 61, AT(8), 4}, 0}, {189, {C, 0x10000, AT(8), 4}, 0}, {190, {C, 60, AT(8), 4}, 0},
          {190, {C, 62, AT(8), 4}, 0}, {54, {C, (uint64_t)-8}, 0}, {54, {C, (uint64_t)-6}, 0}, {44, {C, (uint64_t)-10}, 0}, {44, {C, 1000}, 0},
          {65, {C, (uint64_t)-1000}, 0}, {65, {C, 10}, 0}, {188, {C}, 0});
    EXPECT(r, 64, 0, -SKEP_EINVAL, -SKEP_EFAULT, 0, -SKEP_EINVAL, 0, -SKEP_EACCES, 0, -SKEP_EINVAL, -SKEP_EINVAL, 0, 84);
    assert_memory_equal(rig->data, "\0\1\2\3\t\t\t\t\t\t\t\t", 12);
    assert_ptr_equal(rig->packet, rig->room + 54);
    assert_int_equal(rig->packet_size, 84);
    assert_memory_equal(rig->packet + 10 + 59, "\73\t\t\t\t\0\0", 7);
    FAILS(189, SKEP_ERR_ACCESS, "xdp_load_bytes: argument 3", C, 0, AT(BOX), 4);
    FAILS(26, SKEP_ERR_HELPER, "have no use for it", C, 0, AT(0), 4);
}
BOTH(test_xdp)

/* ---------------------------------------------------------------------------------------- redirects */

static unsigned cloned;
static void clone_to(void *user, uint32_t ifindex, uint64_t flags, const void *packet, size_t size)
{
    struct rig *rig = user;
    assert_int_equal(ifindex, 4);
    assert_int_equal(flags, 1);
    assert_int_equal(size, 64);
    assert_ptr_equal(packet, rig->room + 64);
    cloned++;
}

static void test_redirect_in(struct rig *rig)
{
    uint64_t r[24];
    begin(rig, SKEP_SCHED_CLS);
    STEPS(r, {23, {1, 2}, 0}, {155, {1, 1}, 0}, {13, {C, 1, 2}, 0}, {152, {1, AT(0), 19, 0}, 0});
    EXPECT(r, 2, 2, -SKEP_EINVAL, 2);
    assert_int_equal(rig->redirect.kind, SKEP_REDIRECT_NONE);
    STEPS(r, {23, {3, 1}, 0});
    assert_int_equal(r[0], 7);
    assert_true(rig->redirect.kind == SKEP_REDIRECT_IFINDEX && rig->redirect.ifindex == 3 && rig->redirect.flags == 1);
    STEPS(r, {152, {1, 0, 0, 0}, 0}, {155, {5, 0}, 0});
    EXPECT(r, 7, 7);
    assert_int_equal(rig->redirect.ifindex, 5);
    rig->script.clone = clone_to;
    rig->script.user = rig;
    cloned = 0;
    STEPS(r, {13, {C, 4, 1}, 0});
    assert_true(!r[0] && cloned == 1 && rig->redirect.kind == SKEP_REDIRECT_NONE);

    begin(rig, SKEP_XDP);
    STEPS(r, {23, {1, 1}, 0}, {23, {2, 0}, 0}, {23, {1, 1}, 0});
    EXPECT(r, 0, 4, 0);
    assert_int_equal(rig->redirect.ifindex, 2);
    skep_map *map = rig_map(rig, SKEP_MAP_DEVMAP, 4, 4, 4, 0);
    rig_map(rig, SKEP_MAP_ARRAY, 4, 4, 4, 0);
    assert_int_equal(skep_map_update(map, &(uint32_t){2}, &(uint32_t){1}, 0), 0);
    STEPS(r, {51, {MAP_HANDLE(0), 1, 2}, 0}, {51, {MAP_HANDLE(0), 2, 0}, 0});
    EXPECT(r, 2, 4);
    assert_true(rig->redirect.kind == SKEP_REDIRECT_MAP && rig->redirect.map == map && rig->redirect.key == 2);
    assert_int_equal(rig->redirect.value, 1);
    FAILS(51, SKEP_ERR_HELPER, "maps of this type", MAP_HANDLE(1), 1, 2);
    FAILS(51, SKEP_ERR_ACCESS, "is not a map", 3, 1, 2);
}
BOTH(test_redirect)

/* Answers by net/core/filter.c's bpf_ipv4_fib_lookup(); the kernel has no such routes. */
static void test_routes_in(struct rig *rig)
{
    const skep_route routes[] = {
        {.family = 2, .prefix_length = 0, .ifindex = 2},
        {.family = 2, .prefix_length = 20, .destination = {10, 1, 16}, .ifindex = 3, .metric = 7, .has_gateway = true, .has_neighbour = true,
         .gateway = {10, 0, 0, 1}, .source = {10, 0, 0, 9}, .source_mac = "source", .destination_mac = "destin", .mtu = 1000},
        {.family = 2, .prefix_length = 32, .destination = {10, 1, 16, 5}, .result = 1},
        {.family = 10, .prefix_length = 9, .destination = {0x20, 0x80}, .ifindex = 6, .has_neighbour = true}};
    uint64_t r[24];
    uint8_t fib[64] = {0};
    begin(rig, SKEP_XDP);
    memcpy(rig->data, fib, 64);
    STEPS(r, {69, {C, AT(0), 64, 0}, 0}, {69, {C, AT(0), 63, 0}, 0}, {69, {C, AT(0), 64, 0x40}, 0});
    EXPECT(r, -SKEP_EAFNOSUPPORT, -SKEP_EINVAL, -SKEP_EINVAL);
    rig->data[0] = 2;
    assert_int_equal(CALL(69, C, AT(0), 64, 0), ERRNO(SKEP_ENODEV));
    const uint32_t one = 1;
    memcpy(rig->data + 8, &one, 4);
    assert_int_equal(CALL(69, C, AT(0), 64, 0), 4);
    rig->script.routes = routes;
    rig->script.route_count = 4;
    memcpy(rig->data + 32, "\x0a\x01\x1f\x05", 4); /* 10.1.31.5 */
    memcpy(fib, rig->data, 64);
    assert_int_equal(CALL(69, C, AT(0), 64, 16), 0);
    uint32_t ifindex, metric;
    memcpy(&ifindex, rig->data + 8, 4);
    memcpy(&metric, rig->data + 12, 4);
    assert_true(ifindex == 3 && metric == 7);
    assert_memory_equal(rig->data + 16, "\x0a\0\0\x09", 4);
    assert_memory_equal(rig->data + 32, "\x0a\0\0\x01", 4);
    assert_memory_equal(rig->data + 52, "sourcedestin", 12);
    fib[35] = 9, fib[34] = 32; /* 10.1.32.9: the default route, whose neighbour nobody knows */
    memcpy(rig->data, fib, 64);
    assert_int_equal(CALL(69, C, AT(0), 64, 0), 7);
    memcpy(rig->data, fib, 64);
    assert_int_equal(CALL(69, C, AT(0), 64, 4), 0);
    fib[34] = 16, fib[35] = 5;
    memcpy(rig->data, fib, 64);
    assert_int_equal(CALL(69, C, AT(0), 64, 0), 1);
    assert_memory_equal(rig->data, fib, 64);
    fib[35] = 6;
    const uint16_t length = 1001, mtu = 1000;
    memcpy(fib + 6, &length, 2);
    memcpy(rig->data, fib, 64);
    assert_int_equal(CALL(69, C, AT(0), 64, 0), 8);
    assert_memory_equal(rig->data + 6, &mtu, 2);
    memset(fib + 6, 0, 2);
    fib[0] = 10, fib[32] = 0x20, fib[33] = 0xff;
    memcpy(rig->data, fib, 64);
    assert_int_equal(CALL(69, C, AT(0), 64, 0), 0);
    fib[33] = 0x7f;
    memcpy(rig->data, fib, 64);
    assert_int_equal(CALL(69, C, AT(0), 64, 0), 4);
    FAILS(69, SKEP_ERR_ACCESS, "fib_lookup: argument 2", C, AT(BOX - 63), 64, 0);
}
BOTH(test_routes)

static void mtu(struct rig *rig, uint32_t given, int64_t difference, uint64_t flags, int64_t wanted, uint32_t left)
{
    memcpy(rig->data, &given, 4);
    assert_int_equal(CALL(163, C, 1, AT(0), difference, flags), wanted);
    assert_memory_equal(rig->data, &left, 4);
}

static void test_mtu_in(struct rig *rig)
{
    rig->script.mtu = 65536;
    begin(rig, SKEP_SCHED_CLS);
    mtu(rig, 0, 0, 0, 0, 65536);
    mtu(rig, 0, 70000, 0, 1, 65536);
    mtu(rig, 1500, 0, 1, -SKEP_EINVAL, 1500);
    mtu(rig, 65536, 0, 0, 0, 65536);
    mtu(rig, 65537, 0, 0, 1, 65536);
    mtu(rig, 0, 0, 2, -SKEP_EINVAL, 0);
    begin(rig, SKEP_XDP);
    mtu(rig, 0, 0, 0, 0, 65536);
    mtu(rig, 0, 70000, 0, 1, 65536);
    mtu(rig, 1500, 0, 1, -SKEP_EINVAL, 1500);
    FAILS(163, SKEP_ERR_ACCESS, "check_mtu: argument 3", C, 1, 0, 0, 0);
}
BOTH(test_mtu)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skb_bytes), cmocka_unit_test(test_skb_fields), cmocka_unit_test(test_skb_room), cmocka_unit_test(test_vlan),
        cmocka_unit_test(test_proto),     cmocka_unit_test(test_sums),       cmocka_unit_test(test_xdp),      cmocka_unit_test(test_redirect),
        cmocka_unit_test(test_routes),    cmocka_unit_test(test_mtu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
