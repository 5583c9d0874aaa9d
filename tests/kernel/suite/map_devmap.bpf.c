/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Redirect targets: empty maps, bad keys, and what bpf_redirect_map answers in its flags' stead. */
#include "suite.h"

MAP_FDS(dev, DEVMAP, 4);
MAP_FDS(dev_hash, DEVMAP_HASH, 4);
MAP_FDS(cpu, CPUMAP, 4);
MAP_FDS(xsk, XSKMAP, 4);
struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 4);
    __type(key, u32);
    __type(value, struct bpf_devmap_val);
} dev_val SEC(".maps");

#define STEPS(map)                                                                                                     \
    do {                                                                                                               \
        SAVE(bpf_redirect_map(&map, 0, 0));                                                                            \
        SAVE(bpf_redirect_map(&map, 1, XDP_PASS));                                                                     \
        SAVE(bpf_redirect_map(&map, 99, XDP_TX));                                                                      \
        SAVE(bpf_redirect_map(&map, 1ull << 40, XDP_DROP));                                                            \
        SAVE(bpf_redirect_map(&map, 0, 4));                                                                            \
        SAVE(bpf_redirect_map(&map, 0, 0x80));                                                                         \
    } while (0)

MAP_FDS(set_dev, DEVMAP, 4);
MAP_FDS(set_dev_hash, DEVMAP_HASH, 4);
MAP_FDS(set_cpu, CPUMAP, 2);

SEC("xdp") int to_dev(struct xdp_md *ctx) { return bpf_redirect_map(&set_dev, 0, 0); }
SEC("xdp") int to_dev_hash(struct xdp_md *ctx) { return bpf_redirect_map(&set_dev_hash, 0, XDP_TX); }
SEC("xdp") int to_cpu(struct xdp_md *ctx) { return bpf_redirect_map(&set_cpu, 0, XDP_PASS); }
SEC("xdp") int to_none(struct xdp_md *ctx) { return bpf_redirect_map(&set_cpu, 1, XDP_PASS); }
SEC("xdp") int look_set(struct xdp_md *ctx)
{
    u32 k = 0;
    u32 *v = lookup(&set_dev, &k);
    SAVE(v ? *v : -1);
    v = lookup(&set_dev_hash, &k);
    SAVE(v ? *v : -1);
    return XDP_PASS;
}

SEC("xdp") int steps(struct xdp_md *ctx)
{
    STEPS(dev);
    STEPS(dev_hash);
    STEPS(cpu);
    STEPS(xsk);
    STEPS(dev_val);
    SAVE(bpf_redirect_map(&dev, 0, BPF_F_BROADCAST));
    SAVE(bpf_redirect_map(&dev, 0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS));
    SAVE(bpf_redirect_map(&dev, 0, BPF_F_EXCLUDE_INGRESS));
    SAVE(bpf_redirect_map(&cpu, 0, BPF_F_BROADCAST));
    return XDP_PASS;
}

SEC("xdp") int look(struct xdp_md *ctx)
{
    u32 k = 1;
    SAVE(lookup(&dev, &k) != 0);
    SAVE(lookup(&dev_hash, &k) != 0);
    SAVE(lookup(&xsk, &k) != 0);
    SAVE(lookup(&dev_val, &k) != 0);
    return XDP_PASS;
}
