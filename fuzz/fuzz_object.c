/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Any bytes as an object: opened or refused; every program that comes out is read to its last byte, so that a
 * sanitizer sees what lies outside. Seeds: tests/data/objects/ *.o.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "skep/skep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    skep_object *object = NULL;
    skep_error err;
    if (skep_object_open(data, size, NULL, &object, &err) != SKEP_OK) {
        if (err.message[0] == 0 || memchr(err.message, 0, sizeof err.message) == NULL)
            abort();
        return 0;
    }
    size_t sum = 0;
    for (size_t i = 0; i < skep_object_program_count(object); i++) {
        skep_program_info info = {.size = sizeof info};
        if (skep_object_program(object, i, &info, &err) != SKEP_OK)
            continue;
        if (info.code_size == 0 || info.code_size % 8 != 0 || info.code_size / 8 > SKEP_MAX_SLOTS)
            abort();
        sum += strlen(info.name) + strlen(info.section);
        for (size_t k = 0; k < info.code_size; k++)
            sum += ((const uint8_t *)info.code)[k];
        /* Names come from the file: whatever they are, looking for them must come to an end. */
        (void)skep_object_find(object, info.section, info.name, &info, &err);
    }
    sink = sum;
    skep_object_free(object);
    return 0;
}
