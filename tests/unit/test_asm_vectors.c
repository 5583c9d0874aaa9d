/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every conformance vector assembles, and what it assembles to survives both dialects. The vectors' results are
 * checked where programs run; here only that their syntax is ours. SKEP_CONFORMANCE is their folder.
 */
#include <dirent.h>

#include "text_tools.h"

/* The lines between `-- asm` and the next `--`; NULL: the file has none. */
static char *asm_of(const char *path)
{
    char line[1024];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = NULL;
    size_t size = 0;
    bool inside = false;
    while (fgets(line, sizeof line, file)) {
        if (!strncmp(line, "--", 2)) {
            inside = strstr(line, "asm") != NULL;
        } else if (inside) {
            size_t length = strlen(line);
            text = realloc(text, size + length + 1);
            assert_non_null(text);
            memcpy(text + size, line, length + 1);
            size += length;
        }
    }
    fclose(file);
    return text;
}

static void check(const char *path)
{
    char *text = asm_of(path);
    if (!text)
        return;
    void *code, *again;
    size_t size, again_size, length;
    skep_error err;
    if (skep_assemble(text, strlen(text), TEXT_OPTIONS(SKEP_MNEMONIC, SKEP_LITTLE_ENDIAN), &code, &size, &err))
        fail_msg("%s: line %u of its assembly, column %u: %s", path, err.line, err.column, err.message);
    assert_true(size > 0);
    for (int d = 0; d < 2; d++) {
        char *listing;
        if (skep_disassemble(code, size, TEXT_OPTIONS((skep_dialect)d, SKEP_LITTLE_ENDIAN), &listing, &length, &err))
            fail_msg("%s: %s", path, err.message);
        if (skep_assemble(listing, length, TEXT_OPTIONS((skep_dialect)d, SKEP_LITTLE_ENDIAN), &again, &again_size,
                          &err))
            fail_msg("%s: %u:%u: %s in\n%s", path, err.line, err.column, err.message, listing);
        assert_int_equal(again_size, size);
        assert_memory_equal(again, code, size);
        skep_free(NULL, again);
        skep_free(NULL, listing);
    }
    skep_free(NULL, code);
    free(text);
}

static void test_vectors(void **state)
{
    (void)state;
    const char *folder = getenv("SKEP_CONFORMANCE");
    DIR *dir = folder ? opendir(folder) : NULL;
    if (!dir) {
        print_message("the conformance vectors are not there (SKEP_CONFORMANCE=%s)\n", folder ? folder : "");
        skip();
    }
    size_t count = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[4096];
        size_t length = strlen(entry->d_name);
        if (length < 6 || strcmp(entry->d_name + length - 5, ".data") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        check(path);
        count++;
    }
    closedir(dir);
    assert_true(count > 0);
    print_message("%zu vectors\n", count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
