/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Questions about a real kernel's types, some of which have changed over the years; see tests/libbpf/test_core.c. */
#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))

typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned long long u64;

struct list_head {
    struct list_head *next, *prev;
} CORE;

struct task_struct {
    int pid, tgid;
    struct task_struct *real_parent, *group_leader;
    char comm[16];
    struct list_head tasks;
    unsigned int __state;
    u32 sched_reset_on_fork : 1;
    u32 no_new_privs : 1;
} CORE;

struct task_struct___old {
    long state;
} CORE;

struct sock_common {
    union {
        struct {
            u32 skc_daddr, skc_rcv_saddr;
        };
    };
    unsigned short skc_family;
    volatile unsigned char skc_state;
} CORE;

struct sock {
    struct sock_common __sk_common;
} CORE;

struct sk_buff {
    unsigned int len;
    unsigned char *head, *data;
    u16 network_header;
    unsigned char pkt_type : 3;
    unsigned char cloned : 1;
} CORE;

struct ethhdr {
    unsigned char h_dest[6];
    u16 h_proto;
} CORE;

struct no_such_thing {
    int x;
} CORE;

enum bpf_map_type { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_RINGBUF = 2, BPF_MAP_TYPE_NO_SUCH = 3 };
typedef unsigned int gfp_t;

#define PROGRAM(name) SEC("socket") int name(void *p)
#define FIELD(name, type, field, what)                                                                                 \
    PROGRAM(name)                                                                                                      \
    {                                                                                                                  \
        return __builtin_preserve_field_info(((struct type *)p)->field, what);                                         \
    }

FIELD(pid, task_struct, pid, 0)
FIELD(parent, task_struct, real_parent, 0)
FIELD(comm5, task_struct, comm[5], 0)
FIELD(prev, task_struct, tasks.prev, 0)
FIELD(state, task_struct, __state, 2)
FIELD(old_state, task_struct___old, state, 2)
FIELD(old_state_offset, task_struct___old, state, 0)
FIELD(reset, task_struct, sched_reset_on_fork, 0)
FIELD(reset_left, task_struct, sched_reset_on_fork, 4)
FIELD(privs_left, task_struct, no_new_privs, 4)
FIELD(privs_right, task_struct, no_new_privs, 5)
FIELD(address, sock, __sk_common.skc_rcv_saddr, 0)
FIELD(cloned, sk_buff, cloned, 0)
FIELD(cloned_left, sk_buff, cloned, 4)
FIELD(no_such, no_such_thing, x, 0)

PROGRAM(load_len) { return (int)((struct sk_buff *)p)->len; }
PROGRAM(load_data) { return (int)(long)((struct sk_buff *)p)->data; }
PROGRAM(load_family) { return ((struct sock *)p)->__sk_common.skc_family; }
PROGRAM(load_proto) { return ((struct ethhdr *)p)->h_proto; }
PROGRAM(size_of_task) { return __builtin_preserve_type_info(*(struct task_struct *)0, 1); }
PROGRAM(id_of_sock) { return (int)__builtin_btf_type_id(*(struct sock *)0, 1); }
PROGRAM(exists_gfp) { return __builtin_preserve_type_info(*(gfp_t *)0, 0); }
PROGRAM(matches_list) { return __builtin_preserve_type_info(*(struct list_head *)0, 2); }
PROGRAM(matches_task) { return __builtin_preserve_type_info(*(struct task_struct *)0, 2); }
PROGRAM(ringbuf) { return (int)__builtin_preserve_enum_value(*(enum bpf_map_type *)BPF_MAP_TYPE_RINGBUF, 1); }
PROGRAM(no_such_map) { return (int)__builtin_preserve_enum_value(*(enum bpf_map_type *)BPF_MAP_TYPE_NO_SUCH, 0); }

char _license[] SEC("license") = "Dual MIT/GPL";
