/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Text into the bytes of a program. */
#include <stdio.h>
#include <string.h>

#include "skep/skep.h"

int main(void)
{
    static const char text[] = "add64 r1, 0x605\n"
                               "mov64 r2, 0x32\n"
                               "mov64 r1, r0\n"
                               "be16 r0\n"
                               "neg64 r2\n"
                               "exit\n";
    static const unsigned char expected[] = {
        0x07, 0x01, 0x00, 0x00, 0x05, 0x06, 0x00, 0x00, 0xb7, 0x02, 0x00, 0x00, 0x32, 0x00, 0x00, 0x00,
        0xbf, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xdc, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00,
        0x87, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x95, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    };
    void *code = NULL;
    size_t size = 0;
    skep_error err;

    if (skep_assemble(text, strlen(text), NULL, &code, &size, &err) != SKEP_OK) {
        fprintf(stderr, "assembler: line %u, column %u: %s\n", err.line, err.column, err.message);
        return 1;
    }
    const unsigned char *bytes = code;
    for (size_t i = 0; i < size; i++)
        printf("%02x%c", bytes[i], i % 8 == 7 ? '\n' : ' ');
    int ok = size == sizeof expected && memcmp(code, expected, size) == 0;
    skep_free(NULL, code);

    /* A mistake is told with its place. */
    static const char mistake[] = "mov64 r0, 1\nadd64 r0, rx\n";
    if (skep_assemble(mistake, strlen(mistake), NULL, &code, &size, &err) != SKEP_ERR_SYNTAX)
        return 1;
    printf("line %u, column %u: %s\n", err.line, err.column, err.message);
    return ok && err.line == 2 ? 0 : 1;
}
