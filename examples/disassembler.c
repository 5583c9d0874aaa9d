/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The bytes of a program into text, in both dialects. */
#include <stdio.h>
#include <string.h>

#include "skep/skep.h"

int main(void)
{
    static const unsigned char program[] = {
        0x07, 0x01, 0x00, 0x00, 0x05, 0x06, 0x00, 0x00, 0xb7, 0x02, 0x00, 0x00, 0x32, 0x00, 0x00, 0x00,
        0xbf, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xdc, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00,
        0x87, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x95, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    };
    skep_text_options kernel = {.size = sizeof kernel, .dialect = SKEP_KERNEL};
    char *text = NULL;
    skep_error err;

    if (skep_disassemble(program, sizeof program, NULL, &text, NULL, &err) != SKEP_OK) {
        fprintf(stderr, "disassembler: %s\n", err.message);
        return 1;
    }
    printf("%s\n", text);
    int ok = strcmp(text, "add64 r1, 0x605\nmov64 r2, 0x32\nmov64 r1, r0\nbe16 r0\nneg64 r2\nexit\n") == 0;
    skep_free(NULL, text);

    if (skep_disassemble(program, sizeof program, &kernel, &text, NULL, &err) != SKEP_OK) {
        fprintf(stderr, "disassembler: %s\n", err.message);
        return 1;
    }
    fputs(text, stdout);
    ok = ok && strstr(text, "r1 = r0\n") != NULL;
    skep_free(NULL, text);
    return ok ? 0 : 1;
}
