/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where the input of the programs has what; jit_input.c fills it. */
#ifndef LAYOUT_H
#define LAYOUT_H

#define MEMORY 2048

#define AT_VLAN 12   /* Ethernet with one VLAN tag */
#define AT_IP 18     /* IPv4 without options */
#define AT_TCP 38    /* TCP with 12 bytes of options */
#define AT_HTTP 70   /* a request */
#define AT_DNS 512   /* a query, header and name */
#define AT_NOISE 768 /* 256 random bytes */
#define AT_BLOOM 1024 /* 512 bytes, half of the bits set */
#define AT_SORTED 1536 /* 64 ascending 32-bit numbers */
#define AT_ROOM 1792 /* 256 bytes to write to */

#define HELPER_ID 42 /* bpf_get_numa_node_id: hardly more than a call */

#endif
