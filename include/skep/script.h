/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the kernel's helpers say about a world that is not there: the time, the task at hand, memory beyond the program's, where
 * packets are routed. Given with a run (skep_exec_options.script); members that are zero leave things to the hooks, or to what
 * docs/helpers.md says. Included by skep/skep.h.
 *
 * A script is borrowed for the run. Runs of several threads may share one if they share nothing that it lets them change: the
 * clock, the random state, writable memory.
 */
#ifndef SKEP_SCRIPT_H
#define SKEP_SCRIPT_H

/* The task that a program finds itself in. */
typedef struct skep_task {
    uint32_t pid, tgid; /* as helpers name them: a thread, its process */
    uint32_t uid, gid;
    char comm[16]; /* its name; the last byte is taken for zero */
    uint64_t cgroup_id;
    uint64_t address; /* of its task_struct, for probes of the scripted memory; 0: none */
} skep_task;

/* Memory that probe_read and its like find at an address of the kernel's or of a process. */
typedef struct skep_memory {
    uint64_t address;
    void *bytes; /* what lies there */
    uint64_t size;
    bool user;     /* a process's memory, else the kernel's */
    bool writable; /* for probe_write_user */
} skep_memory;

/* What fib_lookup answers for destinations that begin with a prefix; the longest one counts. */
typedef struct skep_route {
    uint8_t family;            /* Linux's: AF_INET 2, AF_INET6 10 */
    uint8_t prefix_length;     /* bits */
    uint8_t destination[16];   /* as in a packet; 4 bytes count for AF_INET, here and below */
    uint32_t result;           /* other than 0: BPF_FIB_LKUP_RET_*, and nothing is filled in */
    uint32_t ifindex, metric, mtu; /* mtu 0: 1500 */
    bool has_gateway;          /* then dst becomes `gateway` */
    bool has_neighbour;        /* otherwise BPF_FIB_LKUP_RET_NO_NEIGH, unless the program does not ask */
    uint8_t gateway[16], source[16];
    uint8_t source_mac[6], destination_mac[6];
} skep_route;

typedef struct skep_script {
    size_t size;
    /* The time in nanoseconds, which each reading then moves on by `clock_step`; NULL: the time hook's. */
    uint64_t *clock;
    uint64_t clock_step;
    uint64_t tai_offset; /* what ktime_get_tai_ns is ahead of the others, in nanoseconds */
    /* The state of a sequence of random numbers, any value to begin with; NULL: the random hook. */
    uint64_t *random;
    const skep_task *task;     /* NULL: number 0, user 0, named "skep" */
    const skep_memory *memory; /* [memory_count]; the first that holds an address counts */
    size_t memory_count;
    uint64_t socket_cookie, netns_cookie;
    /* Stacks of addresses, innermost first, for get_stackid and get_stack. */
    const uint64_t *kernel_stack, *user_stack;
    uint32_t kernel_stack_count, user_stack_count;
    /* Of the function that a tracing program is attached to. */
    uint64_t attach_cookie, func_ip;
    const uint64_t *func_args; /* [func_arg_count] */
    uint32_t func_arg_count;
    const uint64_t *func_ret; /* NULL: it has not returned */
    int32_t *retval;          /* what get_retval gives and set_retval changes; NULL: 0 */
    const skep_route *routes; /* [route_count] */
    size_t route_count;
    uint32_t mtu; /* of every interface, for check_mtu; 0: 1500 */
    /* Gets the packets that clone_redirect sends; borrowed for the call. May be NULL. */
    void (*clone)(void *user, uint32_t ifindex, uint64_t flags, const void *packet, size_t size);
    /* What programs print, instead of the log hook: whole lines. */
    void (*log)(void *user, const char *text, size_t size);
    void *user; /* for log and clone */
} skep_script;

#endif
