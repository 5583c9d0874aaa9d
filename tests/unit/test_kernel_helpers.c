/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's helpers that ask for nothing but numbers, texts and the world. Expected values are what Linux 6.18 (x86-64,
 * HZ of 250) returned to the same calls, made by programs in BPF_PROG_TEST_RUN, unless a comment says otherwise.
 */
#include "helper_tools.h"

static void test_world_in(struct rig *rig)
{
    uint64_t clock = 8004000001, random = 1;
    rig->script.clock = &clock;
    rig->script.clock_step = 10;
    rig->script.tai_offset = 37000000000;
    assert_int_equal(CALL(5), 8004000001);
    assert_int_equal(CALL(125), 8004000011);
    assert_int_equal(CALL(160), 8004000000);
    assert_int_equal(CALL(208), 8004000031 + 37000000000);
    assert_int_equal(clock, 8004000041);
    /* INITIAL_JIFFIES of linux/jiffies.h, then 2001 ticks of 4 ms. */
    assert_int_equal(CALL(118), 0xfffedb08 + UINT64_C(2001));

    rig->script.random = &random;
    uint64_t first = CALL(7), second = CALL(7);
    assert_true(first <= UINT32_MAX && second <= UINT32_MAX && first != second);
    random = 1;
    assert_int_equal(CALL(7), first);

    rig->script.clock = NULL;
    rig->script.random = NULL;
    uint64_t before = CALL(5);
    assert_true(before > 0 && CALL(5) >= before);
    assert_true(CALL(7) <= UINT32_MAX);
    assert_int_equal(CALL(42), 0);
}
BOTH(test_world)

static void test_cpu_in(struct rig *rig)
{
    ACCEPTED(skep_cpus_create(NULL, 1, &rig->cpus, &err));
    assert_int_equal(CALL(8), 0);
}
BOTH(test_cpu)

static void test_task_in(struct rig *rig)
{
    skep_task task = {.pid = 3, .tgid = 2, .uid = 1000, .gid = 100, .comm = "0123456789abcde", .cgroup_id = 77, .address = 0x1234};
    assert_int_equal(CALL(14), 0);
    assert_int_equal(CALL(15), 0);
    assert_int_equal(CALL(80), 1);
    assert_int_equal(CALL(123, 0), 1);
    assert_int_equal(CALL(123, 1), 0);
    assert_int_equal(CALL(123, -1), 0);
    rig->script.task = &task;
    assert_int_equal(CALL(14), 0x200000003);
    assert_int_equal(CALL(15), 100ull << 32 | 1000);
    assert_int_equal(CALL(35), 0x1234);
    assert_int_equal(CALL(158), 0x1234);
    assert_int_equal(CALL(80), 77);
    assert_int_equal(CALL(123, 1), 77);
    memset(rig->data, 9, 32);
    assert_int_equal(CALL(16, AT(0), 4), 0);
    assert_memory_equal(rig->data, "012\0\t", 5);
    assert_int_equal(CALL(16, AT(0), 20), 0);
    assert_memory_equal(rig->data, "0123456789abcde\0\0\0\0\0\t", 21);
    FAILS(16, SKEP_ERR_ACCESS, "get_current_comm: argument 2", AT(0), 0);
    FAILS(16, SKEP_ERR_ACCESS, "get_current_comm: argument 1", AT(BOX - 3), 4);
    FAILS(16, SKEP_ERR_ACCESS, "get_current_comm: argument 1", 0, 4);
    memset(rig->data, 9, 8);
    assert_int_equal(CALL(120, 0, 0, AT(0), 8), ERRNO(SKEP_EINVAL));
    assert_memory_equal(rig->data, "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(CALL(122, AT(0)), 1);
    rig->script.netns_cookie = 4;
    rig->script.socket_cookie = 5;
    assert_int_equal(CALL(122, AT(0)), 4);
    assert_int_equal(CALL(46, AT(0)), 5);
}
BOTH(test_task)

/* ------------------------------------------------------------------------------------------ printing */

static void prints(struct rig *rig, const char *format, size_t count, const uint64_t *args, const char *wanted)
{
    strcpy((char *)rig->data, format);
    memcpy(rig->data + 1024, args, count * 8);
    memset(rig->data + 2048, '~', 256);
    int64_t n = (int64_t)CALL(165, AT(2048), 64, AT(0), AT(1024), count * 8);
    if (n != (int64_t)strlen(wanted) + 1)
        fail_msg("'%s' gives %d, '%s'", format, (int)n, (char *)rig->data + 2048);
    char shown[64];
    snprintf(shown, sizeof shown, "%s", wanted);
    assert_string_equal((char *)rig->data + 2048, shown);
}
#define PRINTS(format, wanted, ...)                                                                                    \
    prints(rig, format, sizeof((uint64_t[]){__VA_ARGS__}) / 8, (uint64_t[]){__VA_ARGS__}, wanted)

static void test_formats_in(struct rig *rig)
{
    PRINTS("%d|%5d|%-5d|%05d", "-1|   42|42   |00042", UINT64_MAX, 42, 42, 42);
    PRINTS("%u %x %X %lx", "4294967295 ff FF ffffffffffffffff", UINT64_MAX, 255, 255, UINT64_MAX);
    PRINTS("%+d % d %i", "+5  5 5", 5, 5, 5);
    PRINTS("%llu %lld", "18446744073709551615 -1", UINT64_MAX, UINT64_MAX);
    PRINTS("%px", "0000000000001234", 0x1234);
    PRINTS("%p", "0000000000000000", 0);
    PRINTS("%c|%3c|%-3c|", "A|  B|C  |", 65, 66, 67);
    PRINTS("%s|", "|", 0);
    PRINTS("%pB|%ps|%pS", "0x1234|0x1234|0x1234", 0x1234, 0x1234, 0x1234);
    PRINTS("%d", "1", 1, 2);
    PRINTS("%8lx|%-8lx|%08lx", "     abc|abc     |00000abc", 0xabc, 0xabc, 0xabc);
    PRINTS("%%d%%%d", "%d%7", 7);
    PRINTS("%pI4|%pi4", "0.0.0.0|000.000.000.000", 0, 0);
    PRINTS("%pI6c|", "0000:0000:0000:0000:0000:0000:0000:0000|", 0);
    PRINTS("%px|%-20px|%20px|", "ffffffffffffffff|ff                  |                  ff|", UINT64_MAX, 255, 255);
    PRINTS("%0+5d|%+05d|%-05d|%- 5d", "+0005|+0005|5    | 5   ", 5, 5, 5, 5);
    PRINTS("%5s|%-5s|", "     |     |", 0, 0);
    /* Not on Linux: %p there is a number that tells nothing. */
    PRINTS("%p|", "0000000000001234|", 0x1234);
    char blanks[103];
    snprintf(blanks, sizeof blanks, "%100d|", 5);
    PRINTS("%100d|", blanks, 5);
    memcpy(rig->data + 4096, "\300\250\1\376text\0", 10);
    PRINTS("%pI4 %pi4 %s %10s|%-6s|", "192.168.1.254 192.168.001.254 text       text|text  |", AT(4096), AT(4096), AT(4100), AT(4100),
           AT(4100));
    PRINTS("%pi6", "c0a801fe746578740000000000000000", AT(4096));
    PRINTS("%pI6", "c0a8:01fe:7465:7874:0000:0000:0000:0000", AT(4096));
    PRINTS("%pks.", "text.", AT(4100));
    PRINTS("%pus.", ".", AT(4100));
    skep_memory memory = {0x5000, rig->data + 4100, 8, true, false};
    rig->script.memory = &memory;
    rig->script.memory_count = 1;
    PRINTS("%pus %s %pks.", "text text .", 0x5000, 0x5000, 0x5000);
}
BOTH(test_formats)

static void test_bad_formats_in(struct rig *rig)
{
    static const char *const bad[] = {"%hd", "%", "%5", "%pk|", "%pI", "%pI5", "%pz", "%sx", "%s1", "%psx", "%o", "%f", "%ld%n", "%lllx", "%#x",
                                      "%.3s", "%p%", "a\1", "\x80", "%d%d%d%d"};
    uint64_t args[3] = {0};
    memcpy(rig->data + 1024, args, sizeof args);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        strcpy((char *)rig->data, bad[i]);
        bool psx = !strcmp(bad[i], "%psx"); /* letters after %ps are passed over */
        int64_t n = (int64_t)CALL(165, AT(2048), 64, AT(0), AT(1024), 24);
        if ((n != -SKEP_EINVAL) != psx)
            fail_msg("'%s' gives %d", bad[i], (int)n);
    }
    /* Room for strings: 512 bytes. */
    memset(rig->data + 4096, 'a', 600);
    strcpy((char *)rig->data, "%s%s");
    const uint64_t two[] = {AT(4096), AT(4096)};
    memcpy(rig->data + 1024, two, sizeof two);
    assert_int_equal(CALL(165, AT(2048), 1024, AT(0), AT(1024), 16), ERRNO(SKEP_ENOSPC));
    strcpy((char *)rig->data, "%s");
    assert_int_equal(CALL(165, AT(2048), 1024, AT(0), AT(1024), 8), 512);
    assert_int_equal(strlen((char *)rig->data + 2048), 511);
    /* Cut, but counted; no room at all is fine. */
    assert_int_equal(CALL(165, AT(2048), 4, AT(0), AT(1024), 8), 512);
    assert_memory_equal(rig->data + 2048, "aaa", 4);
    assert_int_equal(CALL(165, 0, 0, AT(0), AT(1024), 8), 512);
    assert_int_equal(CALL(165, AT(2048), 64, AT(0), AT(1024), 7), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(165, AT(2048), 64, AT(0), AT(1024), 104), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(165, AT(2048), 64, AT(0), 0, 0), ERRNO(SKEP_EINVAL));
    FAILS(165, SKEP_ERR_ACCESS, "argument 1", AT(BOX - 1), 64, AT(0), AT(1024), 8);
    FAILS(165, SKEP_ERR_ACCESS, "argument 3", AT(2048), 64, 0, AT(1024), 8);
    FAILS(165, SKEP_ERR_ACCESS, "argument 4", AT(2048), 64, AT(0), 16, 8);
}
BOTH(test_bad_formats)

static char printed[4096];
static void record(void *user, const char *text, size_t size)
{
    assert_ptr_equal(user, printed);
    strncat(printed, text, size);
}

static void test_trace_in(struct rig *rig)
{
    printed[0] = 0;
    rig->script.log = record;
    rig->script.user = printed;
    strcpy((char *)rig->data, "%d %d %d");
    assert_int_equal(CALL(6, AT(0), 9, 1, 2, 3), 5);
    assert_int_equal(CALL(6, AT(0), 8, 1, 2, 3), ERRNO(SKEP_EINVAL)); /* does not end */
    strcpy((char *)rig->data, "no\n");
    assert_int_equal(CALL(6, AT(0), 4), 3);
    const uint64_t args[] = {4, 5, 6, 7};
    strcpy((char *)rig->data, "%d %d %d %d");
    memcpy(rig->data + 1024, args, sizeof args);
    assert_int_equal(CALL(6, AT(0), 12, 1, 2, 3), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(177, AT(0), 12, AT(1024), 32), 7);
    assert_int_equal(CALL(177, AT(0), 12, AT(1024), 31), ERRNO(SKEP_EINVAL));
    strcpy((char *)rig->data, "%2000d");
    assert_int_equal(CALL(6, AT(0), 7), 2000);
    assert_int_equal(strlen(printed), 6 + 3 + 8 + 1024);
    printed[17] = 0;
    assert_string_equal(printed, "1 2 3\nno\n4 5 6 7\n");
    FAILS(6, SKEP_ERR_ACCESS, "trace_printk: argument 1", AT(BOX - 1), 2);
    FAILS(177, SKEP_ERR_ACCESS, "trace_vprintk: argument 3", AT(0), 2, AT(BOX), 8);
}
BOTH(test_trace)

/* ------------------------------------------------------------------------------------------- numbers */

static void number(struct rig *rig, bool is_signed, const char *text, size_t size, unsigned base, int64_t wanted, uint64_t value)
{
    memset(rig->data, 0x55, 96);
    memcpy(rig->data + 8, text, size);
    int64_t n = (int64_t)CALL(is_signed ? 105 : 106, AT(8), size, base, AT(0));
    uint64_t got;
    memcpy(&got, rig->data, 8);
    if (n != wanted || got != value)
        fail_msg("'%s' gives %d, %llu", text, (int)n, (unsigned long long)got);
}

static void test_numbers_in(struct rig *rig)
{
    static const char long_one[] = "123456789012345678901234567890123456789012345678901234567890123456789";
    number(rig, true, "  -12x", 5, 10, 5, (uint64_t)-12);
    number(rig, true, "  -12x", 6, 10, 5, (uint64_t)-12);
    number(rig, true, "99999999999999999999", 20, 10, -SKEP_ERANGE, 0);
    number(rig, true, "", 1, 10, -SKEP_EINVAL, 0);
    number(rig, true, "zz", 2, 10, -SKEP_EINVAL, 0);
    number(rig, true, "+7", 2, 10, -SKEP_EINVAL, 0);
    number(rig, true, "-", 1, 10, -SKEP_EINVAL, 0);
    number(rig, true, "0x1f", 4, 0, 4, 31);
    number(rig, true, "0x1f", 4, 16, 4, 31);
    number(rig, true, "010", 3, 0, 3, 8);
    number(rig, true, "010", 3, 8, 3, 8);
    number(rig, true, "-5", 2, 7, -SKEP_EINVAL, 0);
    number(rig, true, "-5", 2, 11, -SKEP_EINVAL, 0);
    number(rig, true, "\t 42", 4, 0, 4, 42);
    number(rig, true, "9223372036854775808", 19, 10, -SKEP_ERANGE, 0);
    number(rig, true, "-9223372036854775808", 20, 10, 20, UINT64_C(1) << 63);
    number(rig, true, "-9223372036854775809", 20, 10, -SKEP_ERANGE, 0);
    number(rig, true, " \n9", 3, 10, 3, 9);
    number(rig, true, "0x", 2, 0, 1, 0);
    number(rig, true, "08", 2, 0, 1, 0);
    number(rig, true, long_one, 69, 10, -SKEP_ERANGE, 0);
    number(rig, true, "0x", 2, 16, -SKEP_EINVAL, 0);
    number(rig, true, "  ", 2, 10, -SKEP_EINVAL, 0);
    number(rig, false, "18446744073709551615", 20, 10, 20, UINT64_MAX);
    number(rig, false, "18446744073709551616", 20, 10, -SKEP_ERANGE, 0);
    number(rig, false, "-5", 2, 10, -SKEP_EINVAL, 0);
    number(rig, false, "+7", 2, 10, -SKEP_EINVAL, 0);
    number(rig, false, "-", 1, 10, -SKEP_EINVAL, 0);
    number(rig, false, "0x1f", 4, 0, 4, 31);
    number(rig, false, "  -12x", 5, 10, -SKEP_EINVAL, 0);
    number(rig, false, "\t 42", 4, 10, 4, 42);
    number(rig, false, "08", 2, 8, 1, 0);
    FAILS(105, SKEP_ERR_ACCESS, "strtol: argument 4", AT(8), 2, 10, AT(BOX - 4));
    FAILS(106, SKEP_ERR_ACCESS, "strtoul: argument 1", 0, 2, 10, AT(0));

    strcpy((char *)rig->data, "abc");
    strcpy((char *)rig->data + 8, "abd");
    assert_int_equal(CALL(182, AT(0), 3, AT(8)), -1);
    assert_int_equal(CALL(182, AT(8), 3, AT(0)), 1);
    assert_int_equal(CALL(182, AT(0), 2, AT(8)), 0);
    assert_int_equal(CALL(182, AT(0), 100, AT(0)), 0);
    FAILS(182, SKEP_ERR_ACCESS, "argument 3", AT(0), 3, 0);
}
BOTH(test_numbers)

/* Sums computed by hand from RFC 1071: the difference that turns one word into another. */
static void test_checksum_in(struct rig *rig)
{
    const uint32_t from = 0x01020304, to = 0x0a0b0c0d;
    memcpy(rig->data, &from, 4);
    memcpy(rig->data + 4, &to, 4);
    assert_int_equal(CALL(28, 0, 0, AT(4), 4, 0), 0x0a0b + 0x0c0d);
    assert_int_equal(CALL(28, AT(0), 4, 0, 0, 0), 0xffff - (0x0102 + 0x0304));
    assert_int_equal(CALL(28, AT(0), 4, AT(4), 4, 0), 0x0a0b + 0x0c0d - 0x0102 - 0x0304);
    assert_int_equal(CALL(28, AT(0), 4, AT(4), 4, 5), 0x0a0b + 0x0c0d - 0x0102 - 0x0304 + 5);
    assert_int_equal(CALL(28, 0, 0, 0, 0, 0x10002), 3);
    const uint16_t half = 0x1234; /* a size that is no multiple of 4 counts as if zeros followed */
    memcpy(rig->data, &half, 2);
    rig->data[2] = 0;
    assert_int_equal(CALL(28, 0, 0, AT(0), 3, 5), 0x1239);
    FAILS(28, SKEP_ERR_ACCESS, "csum_diff: argument 1", 0, 4, AT(4), 4, 0);
    FAILS(28, SKEP_ERR_ACCESS, "csum_diff: argument 3", AT(0), 4, AT(BOX), 4, 0);
}
BOTH(test_checksum)

/* ------------------------------------------------------------------------------------------- probing */

static void test_probe_in(struct rig *rig)
{
    char there[32] = "a process's text";
    skep_memory memory[] = {{0x5000, there, 16, true, true},
                            {0xffff888000001000, there, 8, false, false},
                            {0xffff888000001008, there, 9, false, true}};
    rig->script.memory = memory;
    rig->script.memory_count = 3;
    memset(rig->data, 9, 16);
    const uint64_t kernel = 0xffff800000000000;
    assert_int_equal(CALL(113, AT(0), 8, 0), ERRNO(SKEP_ERANGE));
    assert_memory_equal(rig->data, "\0\0\0\0\0\0\0\0\t", 9);
    assert_int_equal(CALL(113, AT(0), 8, kernel), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(113, AT(0), 8, 0x7fff12345678), ERRNO(SKEP_ERANGE));
    assert_int_equal(CALL(112, AT(0), 8, 0), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(112, AT(0), 8, kernel), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(4, AT(0), 8, 0), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(4, AT(0), 8, kernel), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(115, AT(0), 8, 0), ERRNO(SKEP_ERANGE));
    assert_int_equal(CALL(114, AT(0), 8, 0), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(45, AT(0), 8, 0), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(115, AT(0), 8, kernel), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(113, AT(0), 0, 0), ERRNO(SKEP_ERANGE));
    assert_int_equal(CALL(112, AT(0), 0, 0), 0);
    assert_int_equal(CALL(115, AT(0), 0, 0), 0);
    assert_int_equal(CALL(114, AT(0), 0, 0), 0);

    strcpy((char *)rig->data + 64, "0123456789abcdefg");
    assert_int_equal(CALL(115, AT(0), 8, AT(64)), 8);
    assert_string_equal((char *)rig->data, "0123456");
    assert_int_equal(CALL(115, AT(0), 8, AT(79)), 3);
    assert_int_equal(CALL(113, AT(0), 8, AT(64)), 0);
    assert_memory_equal(rig->data, "01234567", 8);
    assert_int_equal(CALL(4, AT(0), 8, 0x5002), 0);
    assert_memory_equal(rig->data, "process'", 8);
    assert_int_equal(CALL(148, AT(0), 4, 0x500c), 0);
    assert_memory_equal(rig->data, "text", 4);
    assert_int_equal(CALL(191, AT(0), 4, 0x500c, 0, 0), 0);
    assert_int_equal(CALL(191, AT(0), 4, 0x500c, 0, 1), ERRNO(SKEP_EINVAL));
    assert_int_equal(CALL(112, AT(0), 5, 0x500c), ERRNO(SKEP_EFAULT)); /* one too far */
    assert_memory_equal(rig->data, "\0\0\0\0\0", 5);
    assert_int_equal(CALL(112, AT(0), 4, 0xffff888000001000), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(113, AT(0), 4, 0x5000), ERRNO(SKEP_ERANGE));
    assert_int_equal(CALL(113, AT(0), 16, 0xffff888000001000), 0); /* across two ranges */
    assert_memory_equal(rig->data, "a procesa proces", 16);

    strcpy((char *)rig->data, "other");
    assert_int_equal(CALL(36, 0x5000, AT(0), 5), 0);
    assert_memory_equal(there, "othercess", 9);
    assert_int_equal(CALL(36, 0x500c, AT(0), 5), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(36, 0xffff888000001008, AT(0), 5), ERRNO(SKEP_EFAULT));
    assert_int_equal(CALL(36, AT(64), AT(0), 5), ERRNO(SKEP_EFAULT));
    FAILS(113, SKEP_ERR_ACCESS, "probe_read_kernel: argument 1", 0, 8, AT(64));
    FAILS(114, SKEP_ERR_ACCESS, "probe_read_user_str: argument 1", AT(BOX - 4), 8, AT(64));
    FAILS(36, SKEP_ERR_ACCESS, "probe_write_user: argument 2", 0x5000, 0, 1);
}
BOTH(test_probe)

/* ------------------------------------------------------------------------------------------- the table */

static void test_later_in(struct rig *rig)
{
    FAILS(50, SKEP_ERR_HELPER, "skb_adjust_room failed: it is not yet supported");
    FAILS(0, SKEP_ERR_CALL, "no helper");
    FAILS(212, SKEP_ERR_CALL, "no helper");
    FAILS(UINT32_MAX, SKEP_ERR_CALL, "no helper");
}
BOTH(test_later)

static uint64_t own(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, skep_run *run)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)run;
    return 42;
}

static void test_replaced(void **state)
{
    (void)state;
    static const skep_slot code[] = {SKEP_CALL(14), SKEP_EXIT()};
    skep_vm *vm = make_with(&(skep_vm_options){.size = sizeof(skep_vm_options), .code = code, .code_size = sizeof code,
                                               .linux_helpers = true});
    assert_int_equal(run(vm, NULL), 0);
    ACCEPTED(skep_vm_register_fn(vm, 14, own, NULL, &err));
    assert_int_equal(run(vm, NULL), 42);
    skep_vm_free(vm);
}

static void test_script_size(void **state)
{
    (void)state;
    skep_vm *vm = MAKE(SKEP_NO_DATA, SKEP_MOV64_IMM(0, 3), SKEP_EXIT());
    skep_script script = {.size = sizeof script - 8};
    uint64_t result;
    REFUSED(skep_vm_exec(vm, EXEC(.script = &script), &result, &err), SKEP_ERR_ARGUMENT, "script");
    script.size = sizeof script;
    assert_int_equal(run(vm, EXEC(.script = &script)), 3);
    skep_vm_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_world),    cmocka_unit_test(test_cpu),      cmocka_unit_test(test_task),
        cmocka_unit_test(test_formats),  cmocka_unit_test(test_bad_formats), cmocka_unit_test(test_trace),
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_checksum), cmocka_unit_test(test_probe),
        cmocka_unit_test(test_later),    cmocka_unit_test(test_replaced), cmocka_unit_test(test_script_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
