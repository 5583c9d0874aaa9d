/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the programs work on: a packet, a question of DNS and tables, where jit/layout.h says. */
#include <string.h>

#include "jit.h"

static uint64_t state = 88172645463325252u;

static uint32_t noise(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

void fill_input(unsigned char *m)
{
    static const unsigned char packet[] = {
        0x02, 0,    0, 0,    0,    1,    0x02, 0, 0,  0, 0,    2,    0x81, 0,    0,    7,    8,    0, /* Ethernet, VLAN
                                                                                                         7 */
        0x45, 0,    1, 0x20, 0x12, 0x34, 0x40, 0, 64, 6, 0x5c, 0x11, 10,   1,    2,    3,    192,  0,    2,
        80, /* IPv4 */
        0xc3, 0x50, 0, 80,   1,    2,    3,    4, 5,  6, 7,    8,    0x80, 0x18, 0xff, 0xff, 0xab, 0xcd, 0,
        0,                                                        /* TCP */
        2,    4,    5, 0xb4, 1,    3,    3,    7, 1,  1, 4,    2, /* its options */
    };
    static const char request[] = "GET /articles/2024/index.html?page=12&sort=name HTTP/1.1\r\n"
                                  "Host: www.example.org\r\nAccept: text/html, image/png;q=0.9, */*;q=0.1\r\n"
                                  "Accept-Language: en\r\nUser-Agent: nobody/1.0\r\n\r\n";
    static const unsigned char question[] = {0x12, 0x34, 1,   0,   0,   1,   0,   0,   0,   0,   0,   0,
                                             3,    'W',  'w', 'w', 8,   'E', 'x', 'a', 'M', 'p', 'l', 'e',
                                             '1',  3,    'o', 'r', 'g', 0,   0,   1,   0,   1};
    state = 88172645463325252u;
    for (unsigned i = 0; i < MEMORY; i++)
        m[i] = (unsigned char)noise();
    memcpy(m, packet, sizeof packet);
    memcpy(m + AT_HTTP, request, sizeof request - 1);
    memcpy(m + AT_DNS, question, sizeof question);
    uint32_t ascending = 0;
    for (unsigned i = 0; i < 64; i++) {
        ascending += noise() >> 6;
        memcpy(m + AT_SORTED + 4 * i, &ascending, 4);
    }
    memset(m + AT_ROOM, 0, 256);
}
