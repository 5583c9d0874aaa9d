/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Names of sections, several programs in one, the same function behind several programs. */
#include "suite.h"

static __noinline int common(u32 x) { return x * 3 + 1; }

SEC("tc") int first(struct __sk_buff *skb) { return common(1); }
SEC("tc") int second(struct __sk_buff *skb) { return common(2); }
SEC("tc") int third(struct __sk_buff *skb) { return common(3) + common(30); }
SEC("classifier") int fourth(struct __sk_buff *skb) { return common(4); }
SEC("action") int fifth(struct __sk_buff *skb) { return common(5); }
SEC("xdp") int seventh(struct xdp_md *ctx) { return common(7) & 3; }
SEC("socket") int eighth(struct __sk_buff *skb) { return common(8); }
SEC("cgroup_skb/ingress") int ninth(struct __sk_buff *skb) { return common(skb->len) & 1; }
SEC("raw_tp/sys_exit") int tenth(void *ctx) { return common(10); }
SEC("?tc") int optional(struct __sk_buff *skb) { return common(11); }
