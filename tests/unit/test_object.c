/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Objects: what becomes of the fixtures in tests/data/objects (instructions as llvm-objdump shows them, distances
 * worked out by hand), of objects compiled right now if there is a clang, and of files that were damaged.
 * Malformed objects that no compiler makes are in test_object_hostile.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "skep/skep.h"

#define FOLDER "tests/data/objects/"

struct file {
    unsigned char *bytes;
    size_t size;
};

static struct file read_file(const char *path)
{
    struct file file = {0};
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s: cannot be opened (tests run in the top folder of the sources)", path);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    file.size = (size_t)ftell(f);
    rewind(f);
    file.bytes = malloc(file.size + 1);
    assert_non_null(file.bytes);
    assert_int_equal(fread(file.bytes, 1, file.size, f), file.size);
    fclose(f);
    return file;
}

static skep_object *open_object(const char *path)
{
    struct file file = read_file(path);
    skep_object *object = NULL;
    skep_error err;
    if (skep_object_open(file.bytes, file.size, NULL, &object, &err) != SKEP_OK)
        fail_msg("%s: %s", path, err.message);
    memset(file.bytes, 0xee, file.size); /* the object must not need it any more */
    free(file.bytes);
    return object;
}

static skep_program_info find(const skep_object *object, const char *section, const char *name)
{
    skep_program_info info = {.size = sizeof info};
    skep_error err;
    if (skep_object_find(object, section, name, &info, &err) != SKEP_OK)
        fail_msg("%s", err.message);
    return info;
}

/* Compares code with hex digits; blanks and '|' do not count. */
static void check_code(const skep_program_info *info, const char *hex)
{
    const unsigned char *code = info->code;
    size_t n = 0;
    for (const char *p = hex; *p; p++) {
        unsigned value;
        if (*p == ' ' || *p == '|')
            continue;
        assert_int_equal(sscanf(p++, "%2x", &value), 1);
        if (n >= info->code_size || code[n] != value)
            fail_msg("%s: byte %zu of slot %zu is not %02x", info->name, n % 8, n / 8, value);
        n++;
    }
    assert_int_equal(info->code_size, n);
}

static void programs_in_order(void **state)
{
    static const char *const expected[][2] = {{"one", "prog"}, {"two", "prog"}, {"three", "other"}};
    skep_object *object = open_object(FOLDER "calls.o");
    (void)state;
    assert_int_equal(skep_object_program_count(object), 3);
    for (size_t i = 0; i < 3; i++) {
        skep_program_info info = {.size = sizeof info};
        assert_int_equal(skep_object_program(object, i, &info, NULL), SKEP_OK);
        assert_string_equal(info.name, expected[i][0]);
        assert_string_equal(info.section, expected[i][1]);
        assert_int_equal(info.byte_order, SKEP_LITTLE_ENDIAN);
    }
    skep_object_free(object);
}

/* one: 13 slots, then twice at 13, plus_seven at 16, thrice at 19, in the order in which it calls them. */
static void calls_are_resolved(void **state)
{
    skep_object *object = open_object(FOLDER "calls.o");
    skep_program_info info = find(object, NULL, "one");
    (void)state;
    check_code(&info, "bf16000000000000|7161000000000000|851000000a000000|bf07000000000000|7161010000000000|"
                      "851000000a000000|bf08000000000000|0f78000000000000|7161020000000000|8510000009000000|"
                      "0f08000000000000|bf80000000000000|9500000000000000|"
                      "bf10000000000000|6700000001000000|9500000000000000|"
                      "bf10000000000000|0700000007000000|9500000000000000|"
                      "bf10000000000000|2700000003000000|9500000000000000");
    info = find(object, "other", NULL);
    assert_string_equal(info.name, "three");
    check_code(&info, "7111010000000000|8510000001000000|9500000000000000|"
                      "bf10000000000000|2700000003000000|9500000000000000");
    skep_object_free(object);
}

/* two: 12 slots, then twice at 12, plus_seven at 15; wide immediates at 2 and 7 hold their distances, src is 4. */
static void addresses_of_functions(void **state)
{
    skep_object *object = open_object(FOLDER "calls.o");
    skep_program_info info = find(object, "prog", "two");
    (void)state;
    check_code(&info, "bf16000000000000|7162000000000000|18410000090000000000000000000000|85000000b5000000|"
                      "bf07000000000000|7162010000000000|18410000070000000000000000000000|85000000b5000000|"
                      "0f70000000000000|9500000000000000|"
                      "bf10000000000000|6700000001000000|9500000000000000|"
                      "bf10000000000000|0700000007000000|9500000000000000");
    skep_object_free(object);
}

static void big_endian_object(void **state)
{
    skep_object *object = open_object(FOLDER "calls-be.o");
    skep_program_info info = find(object, NULL, "three");
    (void)state;
    assert_int_equal(info.byte_order, SKEP_BIG_ENDIAN);
    check_code(&info, "7111000100000000|8501000000000001|9500000000000000|"
                      "bf01000000000000|2700000000000003|9500000000000000");
    info = find(object, NULL, "two");
    check_code(&info, "bf61000000000000|7126000000000000|18140000000000090000000000000000|85000000000000b5|"
                      "bf70000000000000|7126000100000000|18140000000000070000000000000000|85000000000000b5|"
                      "0f07000000000000|9500000000000000|"
                      "bf01000000000000|6700000000000001|9500000000000000|"
                      "bf01000000000000|0700000000000007|9500000000000000");
    skep_object_free(object);
}

static void text_alone(void **state)
{
    skep_object *object = open_object(FOLDER "text.o");
    skep_program_info info = find(object, ".text", "halves");
    (void)state;
    assert_int_equal(skep_object_program_count(object), 2);
    check_code(&info, "bf16000000000000|7161000000000000|8510000005000000|bf07000000000000|7161010000000000|"
                      "8510000002000000|0f70000000000000|9500000000000000|"
                      "bf10000000000000|7700000001000000|9500000000000000");
    /* again is 3 slots, halves follows at 3, half at 11. */
    info = find(object, NULL, "again");
    check_code(&info, "8510000002000000|0700000001000000|9500000000000000|"
                      "bf16000000000000|7161000000000000|8510000005000000|bf07000000000000|7161010000000000|"
                      "8510000002000000|0f70000000000000|9500000000000000|"
                      "bf10000000000000|7700000001000000|9500000000000000");
    skep_object_free(object);
}

static void section_without_symbols(void **state)
{
    skep_object *object = open_object(FOLDER "bare.o");
    skep_program_info info = find(object, NULL, NULL);
    (void)state;
    assert_int_equal(skep_object_program_count(object), 1);
    assert_string_equal(info.name, ".classifier");
    assert_string_equal(info.section, ".classifier");
    check_code(&info, "7110000000000000|1500010000000000|0700000001000000|9500000000000000");
    skep_object_free(object);
}

/* Machine 0 is what compilers wrote before BPF had a number. */
static void machine_none(void **state)
{
    struct file file = read_file(FOLDER "bare.o");
    skep_object *object = NULL;
    (void)state;
    file.bytes[18] = file.bytes[19] = 0;
    assert_int_equal(skep_object_open(file.bytes, file.size, NULL, &object, NULL), SKEP_OK);
    assert_int_equal(skep_object_program_count(object), 1);
    skep_object_free(object);
    free(file.bytes);
}

static void unsupported_names_what_is_used(void **state)
{
    static const char *const cases[][3] = {
        {"uses_map", "packet_counts", ".maps"},
        {"uses_extern", "far_away", "define"},  {"calls_extern", "outside", "define"},
    };
    skep_object *object = open_object(FOLDER "data.o");
    (void)state;
    assert_int_equal(skep_object_program_count(object), 7);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        skep_program_info info = {.size = sizeof info};
        skep_error err;
        assert_int_equal(skep_object_find(object, NULL, cases[i][0], &info, &err), SKEP_ERR_UNSUPPORTED);
        assert_int_equal(err.code, SKEP_ERR_UNSUPPORTED);
        assert_non_null(strstr(err.message, cases[i][0]));
        assert_non_null(strstr(err.message, cases[i][1]));
        assert_non_null(strstr(err.message, cases[i][2]));
        assert_string_equal(info.name, cases[i][0]);
        assert_memory_equal(info.section, "xdp/", 4);
        assert_null(info.code);
        assert_int_equal(info.code_size, 0);
    }
    /* The same by number, and the slot of the wide immediate in uses_map. */
    skep_program_info info = {.size = sizeof info};
    skep_error err;
    assert_int_equal(skep_object_program(object, 0, &info, &err), SKEP_ERR_UNSUPPORTED);
    assert_int_equal(err.pc, 4);
    /* Others are not in the way of this one. */
    info = find(object, "xdp/plain", NULL);
    check_code(&info, "7110000000000000|0400000001000000|9500000000000000");
    skep_object_free(object);
}

static void finding(void **state)
{
    skep_object *object = open_object(FOLDER "calls.o");
    skep_program_info info = {.size = sizeof info};
    skep_error err;
    (void)state;
    assert_int_equal(skep_object_find(object, NULL, NULL, &info, &err), SKEP_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "one (section prog), two (section prog), three (section other)"));
    assert_int_equal(skep_object_find(object, "prog", NULL, &info, &err), SKEP_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "one (section prog), two (section prog)"));
    assert_null(strstr(err.message, "three"));
    assert_int_equal(skep_object_find(object, NULL, "four", &info, &err), SKEP_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "'four'"));
    assert_non_null(strstr(err.message, "three (section other)"));
    assert_int_equal(skep_object_find(object, "other", "one", &info, &err), SKEP_ERR_NOT_FOUND);
    assert_int_equal(skep_object_find(object, "nowhere", NULL, &info, &err), SKEP_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "'nowhere'"));
    /* Functions that are only called are no programs. */
    assert_int_equal(skep_object_find(object, NULL, "thrice", &info, &err), SKEP_ERR_NOT_FOUND);
    assert_int_equal(skep_object_find(object, NULL, "plus_seven", &info, &err), SKEP_ERR_NOT_FOUND);
    assert_int_equal(skep_object_program(object, 3, &info, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_object_program(object, SIZE_MAX, &info, &err), SKEP_ERR_ARGUMENT);
    skep_object_free(object);
}

static void arguments(void **state)
{
    struct file file = read_file(FOLDER "bare.o");
    skep_object *object = NULL;
    skep_error err;
    (void)state;
    assert_int_equal(skep_object_open(file.bytes, file.size, NULL, NULL, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_object_open(NULL, 1, NULL, &object, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_object_open(NULL, 0, NULL, &object, &err), SKEP_ERR_OBJECT);
    skep_object_options options = {.size = 1};
    assert_int_equal(skep_object_open(file.bytes, file.size, &options, &object, &err), SKEP_ERR_ARGUMENT);
    assert_null(object);
    options.size = sizeof options;
    assert_int_equal(skep_object_open(file.bytes, file.size, &options, &object, &err), SKEP_OK);

    skep_program_info info = {.size = 0};
    assert_int_equal(skep_object_program(object, 0, &info, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_object_program(object, 0, NULL, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_object_program(NULL, 0, &info, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_object_find(NULL, NULL, NULL, &info, &err), SKEP_ERR_ARGUMENT);
    assert_int_equal(skep_object_program_count(NULL), 0);
    /* A struct from a newer header: longer, with a tail of zeros that stays as it is. */
    struct {
        skep_program_info info;
        void *newer;
    } longer = {.info = {.size = sizeof longer}};
    assert_int_equal(skep_object_program(object, 0, &longer.info, &err), SKEP_OK);
    assert_int_equal(longer.info.code_size, 32);
    longer.newer = &longer;
    assert_int_equal(skep_object_program(object, 0, &longer.info, &err), SKEP_ERR_ARGUMENT);
    skep_object_free(object);
    skep_object_free(NULL);
    free(file.bytes);
}

static uint64_t run(const skep_program_info *info, unsigned char *packet, size_t size)
{
    skep_vm_options options = {.size = sizeof options,
                               .kind = SKEP_RAW,
                               .code = info->code,
                               .code_size = info->code_size,
                               .byte_order = info->byte_order};
    skep_exec_options exec = {.size = sizeof exec, .mem = packet, .mem_size = size};
    skep_vm *vm = NULL;
    skep_error err;
    uint64_t result = 0;
    if (skep_vm_create(&options, &vm, &err) != SKEP_OK || skep_vm_exec(vm, &exec, &result, &err) != SKEP_OK)
        fail_msg("%s: %s", info->name, err.message);
    skep_vm_free(vm);
    return result;
}

/* one: 2 * 10 + (20 + 7) + 3 * 30; three: 3 * 20 */
static void check_runs(const skep_object *object)
{
    unsigned char packet[] = {10, 20, 30};
    skep_program_info info = find(object, NULL, "one");
    assert_int_equal(run(&info, packet, sizeof packet), 137);
    info = find(object, NULL, "three");
    assert_int_equal(run(&info, packet, sizeof packet), 60);
}

static void linked_programs_run(void **state)
{
    skep_object *object = open_object(FOLDER "calls.o");
    (void)state;
    check_runs(object);
    skep_object_free(object);
    object = open_object(FOLDER "calls-be.o");
    check_runs(object);
    skep_object_free(object);
    object = open_object(FOLDER "text.o");
    unsigned char packet[] = {10, 20};
    skep_program_info info = find(object, NULL, "again");
    assert_int_equal(run(&info, packet, sizeof packet), 10 / 2 + 20 / 2 + 1);
    skep_object_free(object);
}

static void compiled_now(void **state)
{
    static const char *const flags[] = {"-target bpfel -O2",          "-target bpfel -O1 -mcpu=v1",
                                        "-target bpfel -O2 -mcpu=v2", "-target bpfel -Os -mcpu=v4",
                                        "-target bpfel -O2 -g",       "-target bpfeb -O2 -g -mcpu=v3"};
    const char *clang = getenv("SKEP_CLANG"), *folder = getenv("SKEP_BUILD_DIR");
    char command[1024], object_path[512];
    (void)state;
    if (!clang || !folder) {
        print_message("no clang that knows -target bpf (SKEP_CLANG) or no build folder (SKEP_BUILD_DIR)\n");
        skip();
    }
    snprintf(object_path, sizeof object_path, "%s/test_object_calls.o", folder);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        snprintf(command, sizeof command, "'%s' %s -c " FOLDER "calls.c -o '%s' 2>/dev/null", clang, flags[i],
                 object_path);
        if (system(command) != 0) {
            print_message("this clang does not take %s\n", flags[i]);
            continue;
        }
        skep_object *object = open_object(object_path);
        assert_int_equal(skep_object_program_count(object), 3);
        check_runs(object);
        skep_object_free(object);
    }
    remove(object_path);
}

/* Opens damaged bytes and touches all that comes out. The file is in a block of its own so that a sanitizer sees its
 * end. Returns whether it opened. */
static bool try_bytes(const unsigned char *bytes, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    skep_object *object = NULL;
    skep_error err;
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    skep_code code = skep_object_open(copy, size, NULL, &object, &err);
    free(copy);
    if (code != SKEP_OK) {
        assert_int_equal(code, SKEP_ERR_OBJECT);
        assert_int_equal(err.code, code);
        assert_true(err.message[0] != 0);
        assert_null(object);
        return false;
    }
    size_t sum = 0;
    for (size_t i = 0; i < skep_object_program_count(object); i++) {
        skep_program_info info = {.size = sizeof info};
        if (skep_object_program(object, i, &info, &err) != SKEP_OK) {
            assert_true(err.message[0] != 0);
            continue;
        }
        sum += strlen(info.name) + strlen(info.section);
        for (size_t k = 0; k < info.code_size; k++)
            sum += ((const unsigned char *)info.code)[k];
        assert_true(info.code_size % 8 == 0 && info.code_size > 0);
    }
    skep_object_free(object);
    return sum != SIZE_MAX;
}

static const char *const fixtures[] = {FOLDER "calls.o", FOLDER "calls-be.o", FOLDER "data.o", FOLDER "text.o",
                                       FOLDER "bare.o"};

/* Section headers come last in these files, so no truncation leaves a whole object. */
static void truncations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        struct file file = read_file(fixtures[i]);
        for (size_t size = 0; size < file.size; size++)
            assert_false(try_bytes(file.bytes, size));
        assert_true(try_bytes(file.bytes, file.size));
        free(file.bytes);
    }
}

static void mutations(void **state)
{
    size_t opened = 0, refused = 0;
    (void)state;
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        struct file file = read_file(fixtures[i]);
        for (size_t at = 0; at < file.size; at++) {
            unsigned char was = file.bytes[at];
            const unsigned char values[] = {0, 0xff, was ^ 1, was ^ 0x80, (unsigned char)(was + 8)};
            for (size_t k = 0; k < sizeof values; k++) {
                file.bytes[at] = values[k];
                if (try_bytes(file.bytes, file.size))
                    opened++;
                else
                    refused++;
            }
            file.bytes[at] = was;
        }
        free(file.bytes);
    }
    /* Most bytes are code and names; the others are looked at. */
    assert_true(opened > 0 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_in_order),
        cmocka_unit_test(calls_are_resolved),
        cmocka_unit_test(addresses_of_functions),
        cmocka_unit_test(big_endian_object),
        cmocka_unit_test(text_alone),
        cmocka_unit_test(section_without_symbols),
        cmocka_unit_test(machine_none),
        cmocka_unit_test(unsupported_names_what_is_used),
        cmocka_unit_test(finding),
        cmocka_unit_test(arguments),
        cmocka_unit_test(linked_programs_run),
        cmocka_unit_test(compiled_now),
        cmocka_unit_test(truncations),
        cmocka_unit_test(mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
