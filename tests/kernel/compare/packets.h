/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What programs are run over: a few packets built here, and those of a capture. */
#ifndef PACKETS_H
#define PACKETS_H

#include <stddef.h>
#include <stdint.h>

struct packet {
    const char *name;
    const uint8_t *bytes;
    size_t size;
};
extern struct packet packets[];
extern const size_t packet_count;
extern struct packet *captured; /* frames of 14 bytes and more, as test runs want them */
extern size_t captured_count;

/* Reads the capture; ends the program when it cannot. */
void packets_init(const char *capture);

#endif
