/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program out of an object file that clang has made of examples/bpf/block_port.c. It finds the packet through a
 * metadata buffer which the library keeps: we say at which offsets, and give a packet to each run.
 */
#include <inttypes.h>
#include <stdio.h>

#include "skep/skep.h"

/* Ethernet, IPv4, TCP from port 0x9999 to port 0xc6cc. */
static unsigned char packet[] = {
    0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x08, 0x00,             /* Ethernet */
    0x45, 0x00, 0x00, 0x3b, 0xa6, 0xab, 0x40, 0x00, 0x40, 0x06, 0x96, 0x0f, 0x7f, 0x00, 0x00, 0x01, /* IPv4 */
    0x7f, 0x00, 0x00, 0x01,                                                                         /* ... */
    0x99, 0x99, 0xc6, 0xcc, 0xd1, 0xe5, 0xc4, 0x9d, 0xd4, 0x30, 0xb5, 0xd2, 0x80, 0x18, 0x01, 0x56, /* TCP */
    0xfe, 0x2f, 0x00, 0x00,                                                                         /* ... */
    0x01, 0x01, 0x08, 0x0a, 0x00, 0x23, 0x75, 0x89, 0x00, 0x23, 0x63, 0x2d, 0x71, 0x64, 0x66, 0x73, /* the rest */
    0x64, 0x66, 0x0a,
};
enum { SOURCE_PORT = 34 };

static skep_code load(const char *path, skep_vm **vm, skep_error *err)
{
    static unsigned char file[65536];
    skep_object *object = NULL;
    skep_program_info program = {.size = sizeof program};
    FILE *f = fopen(path, "rb");
    size_t size = f ? fread(file, 1, sizeof file, f) : 0;
    if (f)
        fclose(f);

    skep_code code = skep_object_open(file, size, NULL, &object, err);
    if (code == SKEP_OK)
        code = skep_object_find(object, ".classifier", NULL, &program, err);
    if (code == SKEP_OK) {
        skep_vm_options options = {.size = sizeof options,
                                   .kind = SKEP_FIXED_MBUFF,
                                   .code = program.code,
                                   .code_size = program.code_size,
                                   .byte_order = program.byte_order,
                                   .data_offset = 0x40,
                                   .data_end_offset = 0x50};
        code = skep_vm_create(&options, vm, err);
    }
    /* A program that prints would call this; ours does not. */
    if (code == SKEP_OK)
        code = skep_vm_register(*vm, 6, skep_helper_stock("trace_printk"), err);
    skep_object_free(object); /* the VM has a copy of the program */
    return code;
}

int main(int argc, char **argv)
{
    skep_vm *vm = NULL;
    skep_error err;
    uint64_t first = 0, second = 0;
    skep_exec_options exec = {.size = sizeof exec, .mem = packet, .mem_size = sizeof packet};

    skep_code code = load(argc > 1 ? argv[1] : "examples/bpf/block_port.o", &vm, &err);
    if (code == SKEP_OK)
        code = skep_vm_exec(vm, &exec, &first, &err);
    packet[SOURCE_PORT] = 0x98;
    packet[SOURCE_PORT + 1] = 0x76;
    if (code == SKEP_OK)
        code = skep_vm_exec(vm, &exec, &second, &err);
    skep_vm_free(vm);
    if (code != SKEP_OK) {
        fprintf(stderr, "block_port: %s\n", err.message);
        return 1;
    }
    printf("from port 0x9999 the program returned %#" PRIx64 ", from port 0x9876 %#" PRIx64 "\n", first, second);
    return first == 0xffffffff && second == 0 ? 0 : 1;
}
