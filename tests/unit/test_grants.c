/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Granted memory as the public header promises it. */
#include "vm_tools.h"

#define ADDRESS(p) ((uint64_t)(uintptr_t)(p))

/* The packet holds an address and a number: loads, and stores the number there when it is not 0. */
static skep_vm *prober(void)
{
    return MAKE(SKEP_RAW, SKEP_LDXDW(2, 1, 0), SKEP_LDXDW(3, 1, 8), SKEP_LDXDW(0, 2, 0), SKEP_JEQ_IMM(3, 0, 1), SKEP_STXDW(2, 0, 3),
                SKEP_EXIT());
}

static const skep_exec_options *at(const void *address, uint64_t value)
{
    static uint64_t packet[2];
    static skep_exec_options options;
    packet[0] = ADDRESS(address);
    packet[1] = value;
    options = (skep_exec_options){.size = sizeof options, .mem = packet, .mem_size = sizeof packet};
    return &options;
}

static void test_grant(void **state)
{
    (void)state;
    static uint64_t memory[8] = {10, 11, 12, 13, 14, 15, 16, 17};
    skep_vm *vm = prober();
    skep_error err;
    run_fails_with(vm, at(&memory[1], 0), SKEP_ERR_ACCESS, 2, NULL, &err);
    assert_int_equal(err.address, ADDRESS(&memory[1]));
    ACCEPTED(skep_vm_grant(vm, &memory[1], 24, SKEP_READ, &err));
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(run(vm, at(&memory[i], 0)), 10 + i);
    run_fails(vm, at(&memory[0], 0), SKEP_ERR_ACCESS, 2, NULL);
    run_fails(vm, at(&memory[4], 0), SKEP_ERR_ACCESS, 2, NULL);
    run_fails(vm, at((char *)&memory[4] - 1, 0), SKEP_ERR_ACCESS, 2, NULL); /* straddles its end */
    run_fails(vm, at((char *)&memory[1] - 1, 0), SKEP_ERR_ACCESS, 2, NULL);
    run_fails(vm, at(&memory[2], 99), SKEP_ERR_ACCESS, 4, NULL); /* read-only */
    assert_int_equal(memory[2], 12);
    /* Others beside it, one to write. What belongs to two grants together is no one's. */
    ACCEPTED(skep_vm_grant(vm, &memory[4], 16, SKEP_READ | SKEP_WRITE, &err));
    assert_int_equal(run(vm, at(&memory[4], 99)), 14);
    assert_int_equal(memory[4], 99);
    run_fails(vm, at((char *)&memory[4] - 4, 0), SKEP_ERR_ACCESS, 2, NULL);
    /* Overlapping ones: any that allows the access will do. */
    ACCEPTED(skep_vm_grant(vm, &memory[2], 8, SKEP_READ | SKEP_WRITE, &err));
    assert_int_equal(run(vm, at(&memory[2], 98)), 12);
    assert_int_equal(memory[2], 98);
    run_fails(vm, at(&memory[3], 98), SKEP_ERR_ACCESS, 4, NULL);
    /* Taken back. */
    ACCEPTED(skep_vm_revoke(vm, &memory[4], &err));
    run_fails(vm, at(&memory[4], 0), SKEP_ERR_ACCESS, 2, NULL);
    assert_int_equal(run(vm, at(&memory[3], 0)), 13);
    assert_int_equal(run(vm, at(&memory[2], 97)), 98);
    REFUSED(skep_vm_revoke(vm, &memory[4], &err), SKEP_ERR_NOT_FOUND, "no grant");
    REFUSED(skep_vm_revoke(vm, (char *)&memory[1] + 1, &err), SKEP_ERR_NOT_FOUND, NULL); /* where it begins */
    ACCEPTED(skep_vm_revoke(vm, &memory[1], &err));
    run_fails(vm, at(&memory[3], 0), SKEP_ERR_ACCESS, 2, NULL);
    assert_int_equal(run(vm, at(&memory[2], 0)), 97);
    /* Many. */
    for (size_t i = 0; i < 8; i++)
        for (int k = 0; k < 10; k++)
            ACCEPTED(skep_vm_grant(vm, &memory[i], 8, SKEP_READ, &err));
    memory[7] = 1234;
    assert_int_equal(run(vm, at(&memory[7], 0)), 1234);
    skep_vm_free(vm);
}

static void test_refused(void **state)
{
    (void)state;
    static uint8_t memory[16];
    skep_vm *vm = prober();
    REFUSED(skep_vm_grant(vm, NULL, 16, SKEP_READ, &err), SKEP_ERR_ARGUMENT, NULL);
    REFUSED(skep_vm_grant(vm, memory, 0, SKEP_READ, &err), SKEP_ERR_ARGUMENT, NULL);
    REFUSED(skep_vm_grant(NULL, memory, 16, SKEP_READ, &err), SKEP_ERR_ARGUMENT, NULL);
    for (unsigned access = 0; access < 16; access++)
        if (access != SKEP_READ && access != (SKEP_READ | SKEP_WRITE))
            REFUSED(skep_vm_grant(vm, memory, 16, access, &err), SKEP_ERR_ARGUMENT, "SKEP_READ");
    REFUSED(skep_vm_grant(vm, memory, SIZE_MAX, SKEP_READ, &err), SKEP_ERR_ARGUMENT, "wrap");
    REFUSED(skep_vm_grant(vm, (void *)(UINTPTR_MAX - 3), 8, SKEP_READ, &err), SKEP_ERR_ARGUMENT, "wrap");
    REFUSED(skep_vm_revoke(NULL, memory, &err), SKEP_ERR_ARGUMENT, NULL);
    run_fails(vm, at(memory, 0), SKEP_ERR_ACCESS, 2, NULL); /* none of them did anything */
    skep_vm_free(vm);
}

/* Under the trusted policy nothing is checked, and so nothing needs a grant. */
static void test_trusted(void **state)
{
    (void)state;
    static uint64_t memory = 4;
    skep_vm_options o = {.size = sizeof o, .policy = SKEP_TRUSTED, .kind = SKEP_RAW};
    skep_vm *vm = make_with(&o);
    LOAD(vm, SKEP_LDXDW(2, 1, 0), SKEP_LDXDW(0, 2, 0), SKEP_STDW(2, 0, 9), SKEP_EXIT());
    assert_int_equal(run(vm, at(&memory, 0)), 4);
    assert_int_equal(memory, 9);
    skep_vm_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grant), cmocka_unit_test(test_refused), cmocka_unit_test(test_trusted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
