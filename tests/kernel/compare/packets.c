/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See packets.h. Captures are classic pcap files with Ethernet frames, in the machine's byte order. */
#include "packets.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t tcp4[94] = {
    0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00,                                      /* Ethernet */
    0x45, 0, 0, 80, 0x12, 0x34, 0x40, 0, 64, 6, 0x4d, 0xcc, 192, 0, 2, 1, 198, 51, 100, 7,     /* IPv4 */
    0x9c, 0x40, 0, 80, 0, 0, 0x10, 0, 0, 0, 0x20, 0, 0x50, 0x18, 0x20, 0, 0xab, 0xcd, 0, 0};   /* TCP, 40 bytes follow */
static uint8_t udp6[14 + 40 + 8 + 32] = {
    0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x86, 0xdd,                                      /* Ethernet */
    0x60, 0, 0, 0, 0, 40, 17, 64, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,  /* IPv6 */
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,                                /**/
    0x04, 0xd2, 0, 53, 0, 40, 0x77, 0x77};                                                     /* UDP, 32 bytes follow */
static uint8_t vlan4[14 + 4 + 20 + 8 + 50] = {
    0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x81, 0x00, 0x60, 0x05, 0x08, 0x00,              /* priority 3, VLAN 5 */
    0x45, 0, 0, 78, 0, 1, 0, 0, 1, 17, 0x11, 0x22, 192, 0, 2, 9, 192, 0, 2, 10,                /* IPv4 */
    0, 7, 0, 7, 0, 58, 0, 0};                                                                  /* UDP, 50 bytes follow */
static uint8_t arp[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 1, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1};
static uint8_t least[14] = {0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x88, 0xb5};
static uint8_t large[1514] = {0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1, 0x08, 0x00, 0x46, 0, 0x05, 0xdc};

struct packet packets[] = {{"tcp4", tcp4, sizeof tcp4},    {"udp6", udp6, sizeof udp6},
                           {"vlan4", vlan4, sizeof vlan4}, {"arp", arp, sizeof arp},
                           {"least", least, sizeof least}, {"large", large, sizeof large}};
const size_t packet_count = sizeof packets / sizeof *packets;
struct packet *captured;
size_t captured_count;

static void fill(uint8_t *bytes, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 5));
}

void packets_init(const char *capture)
{
    fill(tcp4, 54, sizeof tcp4);
    fill(udp6, 62, sizeof udp6);
    fill(vlan4, 46, sizeof vlan4);
    fill(arp, 22, sizeof arp);
    fill(large, 18, sizeof large);

    FILE *file = fopen(capture, "rb");
    uint32_t head[6], record[4];
    bool fine = file && fread(head, 4, 6, file) == 6 && head[0] == 0xa1b2c3d4 && head[5] == 1;
    while (fine && fread(record, 4, 4, file) == 4) {
        uint8_t *bytes = malloc(record[2] + 1);
        fine = bytes && record[2] < 1 << 20 && fread(bytes, 1, record[2], file) == record[2];
        if (fine && record[2] >= 14) {
            captured = realloc(captured, (captured_count + 1) * sizeof *captured);
            captured[captured_count++] = (struct packet){"", bytes, record[2]};
        }
    }
    if (!fine) {
        fprintf(stderr, "%s: not a capture of Ethernet frames that is whole\n", capture);
        exit(2);
    }
    fclose(file);
}
