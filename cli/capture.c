/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * `skep run --pcap`: packets are read in batches, so that the time measured is that of the program's runs and not that
 * of reading the file. Each packet is in memory that the program may change. Verdicts are counted in a hash table: a
 * program may return anything.
 */
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH_PACKETS = 1024, BATCH_BYTES = 4 << 20, TABLE_ROWS = 40, ERROR_CODES = 16 };

struct count {
    uint64_t verdict, packets, bytes; /* packets 0: free */
};

struct error_count {
    uint64_t packets, first; /* first: number of the first packet, from 1 */
    skep_error err;
};

struct packet {
    struct pcap_pkthdr header;
    size_t at; /* in the batch's bytes */
    unsigned char *start; /* where it is after its run, link-layer header included */
    size_t size;
    uint64_t verdict;
    bool failed;
};

struct capture {
    struct runner *runner;
    pcap_t *in;
    pcap_dumper_t *out;
    FILE *file;
    uint64_t file_size; /* 0: unknown */

    struct packet packets[BATCH_PACKETS];
    size_t packet_count;
    unsigned char *bytes, *fresh; /* of the batch; fresh: as read, for --repeat */
    size_t byte_count, byte_room;

    struct count *counts;
    size_t count_used, count_room; /* the room is a power of two */
    struct error_count errors[ERROR_CODES];
    size_t error_kinds;
    uint64_t total_packets, total_bytes, failed, kept;
    double seconds, began;
    bool progress_shown;
    bool link_header; /* packets have Ethernet's */
    bool broken; /* reading or writing failed; it has been said */
    json_t *verdict_list;
};

/* ---------------------------------------------------------------------------------------- counting */

static struct count *count_of(struct count *counts, size_t room, uint64_t verdict)
{
    size_t at = (size_t)((verdict * 0x9e3779b97f4a7c15u) >> 32) & (room - 1);
    while (counts[at].packets && counts[at].verdict != verdict)
        at = (at + 1) & (room - 1);
    return &counts[at];
}

static bool grow_counts(struct capture *c)
{
    size_t room = c->count_room ? c->count_room * 2 : 64;
    struct count *counts = calloc(room, sizeof *counts);
    if (!counts)
        return false;
    for (size_t i = 0; i < c->count_room; i++)
        if (c->counts[i].packets)
            *count_of(counts, room, c->counts[i].verdict) = c->counts[i];
    free(c->counts);
    c->counts = counts;
    c->count_room = room;
    return true;
}

static bool add_verdict(struct capture *c, uint64_t verdict, uint64_t bytes)
{
    if (c->count_used * 2 >= c->count_room && !grow_counts(c))
        return false;
    struct count *count = count_of(c->counts, c->count_room, verdict);
    if (!count->packets)
        c->count_used++;
    count->verdict = verdict;
    count->packets++;
    count->bytes += bytes;
    return true;
}

static void add_error(struct capture *c, const skep_error *err)
{
    size_t i = 0;
    c->failed++;
    while (i < c->error_kinds && c->errors[i].err.code != err->code)
        i++;
    if (i == ERROR_CODES)
        return;
    if (i == c->error_kinds)
        c->errors[c->error_kinds++] = (struct error_count){.first = c->total_packets, .err = *err};
    c->errors[i].packets++;
}

/* Most packets first, then by verdict. */
static int by_packets(const void *a, const void *b)
{
    const struct count *x = a, *y = b;
    if (x->packets != y->packets)
        return x->packets < y->packets ? 1 : -1;
    return x->verdict < y->verdict ? -1 : x->verdict > y->verdict;
}

/* Moves the counts to the front of the table, in order. The table cannot count any more after that. */
static void sort_counts(struct capture *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->count_room; i++)
        if (c->counts[i].packets)
            c->counts[n++] = c->counts[i];
    if (n)
        qsort(c->counts, n, sizeof *c->counts, by_packets);
}

/* --------------------------------------------------------------------------------------- the packets */

static bool add_packet(struct capture *c, const struct pcap_pkthdr *header, const unsigned char *bytes)
{
    const struct packet_room around = packet_room(c->runner->kind, header->caplen);
    size_t size = header->caplen, taken = around.head + size + around.tail;
    if (taken > c->byte_room - c->byte_count) {
        size_t room = c->byte_count + taken > BATCH_BYTES ? c->byte_count + taken : BATCH_BYTES;
        unsigned char *grown = realloc(c->bytes, room);
        if (!grown)
            return false;
        c->bytes = grown;
        c->byte_room = room;
    }
    unsigned char *at = c->bytes + c->byte_count;
    memset(at, 0, around.head);
    if (size)
        memcpy(at + around.head, bytes, size);
    memset(at + around.head + size, 0, around.tail);
    c->packets[c->packet_count++] = (struct packet){.header = *header, .at = c->byte_count + around.head};
    c->byte_count += taken;
    return true;
}

/* Fills the batch. False when there is nothing more in the capture or it cannot be read on. */
static bool read_batch(struct capture *c)
{
    const char *name = input_name(c->runner->options->pcap);
    c->packet_count = c->byte_count = 0;
    while (c->packet_count < BATCH_PACKETS && c->byte_count < BATCH_BYTES) {
        struct pcap_pkthdr *header;
        const unsigned char *bytes;
        int got = pcap_next_ex(c->in, &header, &bytes);
        if (got == PCAP_ERROR_BREAK || got == 0)
            return false;
        if (got != 1 || !add_packet(c, header, bytes)) {
            complain("%s: packet %" PRIu64 ": %s", name, c->total_packets + c->packet_count + 1,
                     got != 1 ? pcap_geterr(c->in) : "out of memory");
            c->broken = true;
            return false;
        }
    }
    return true;
}

/* Runs the batch once. Only the first time is counted. */
static void run_batch(struct capture *c, bool first)
{
    skep_error err;
    uint64_t unused;
    double began = seconds_now();
    for (size_t i = 0; i < c->packet_count; i++) {
        struct packet *p = &c->packets[i];
        size_t link = c->link_header ? link_header(c->runner->kind, p->header.caplen) : 0;
        size_t size = p->header.caplen - link;
        void *mem = c->bytes + p->at + link;
        skep_code code = run_once(c->runner, &mem, &size, first ? &p->verdict : &unused, &err);
        if (!first)
            continue;
        p->verdict = verdict_of(c->runner, p->verdict);
        p->start = (unsigned char *)mem - link;
        p->size = size + link;
        c->total_packets++;
        c->total_bytes += p->header.caplen;
        p->failed = code != SKEP_OK;
        if (p->failed)
            add_error(c, &err);
    }
    c->seconds += seconds_now() - began;
}

static void set_verdict_json(const struct capture *c, json_t *json, uint64_t verdict)
{
    const char *name = verdict_name(c->runner, verdict);
    json_object_set_new(json, "verdict", json_hex(verdict));
    if (name)
        json_object_set_new(json, "name", json_text(name));
}

static void show_verdict(struct capture *c, const struct packet *p, uint64_t number)
{
    char text[64];
    if (c->verdict_list) {
        json_t *json = json_object();
        json_object_set_new(json, "packet", json_integer((json_int_t)number));
        json_object_set_new(json, "time", json_sprintf("%lld.%06ld", (long long)p->header.ts.tv_sec,
                                                       (long)p->header.ts.tv_usec));
        json_object_set_new(json, "length", json_integer(p->header.caplen));
        if (p->failed)
            json_object_set_new(json, "verdict", json_null());
        else
            set_verdict_json(c, json, p->verdict);
        json_array_append_new(c->verdict_list, json);
        return;
    }
    printf("%6" PRIu64 "  %lld.%06ld  %5u  ", number, (long long)p->header.ts.tv_sec, (long)p->header.ts.tv_usec,
           p->header.caplen);
    verdict_text(c->runner, p->verdict, text, sizeof text);
    puts(p->failed ? "error" : text);
}

/* What follows from the verdicts of a batch that has run. */
static bool settle_batch(struct capture *c, uint64_t before)
{
    for (size_t i = 0; i < c->packet_count; i++) {
        const struct packet *p = &c->packets[i];
        if (c->runner->options->verbose)
            show_verdict(c, p, before + i + 1);
        if (p->failed)
            continue;
        if (!add_verdict(c, p->verdict, p->header.caplen)) {
            complain("out of memory");
            return false;
        }
        if (!verdict_passes(c->runner, p->verdict))
            continue;
        c->kept++;
        if (c->out) {
            struct pcap_pkthdr header = p->header;
            header.len = (bpf_u_int32)(header.len + p->size - header.caplen);
            header.caplen = (bpf_u_int32)p->size;
            pcap_dump((unsigned char *)c->out, &header, p->start);
        }
    }
    return true;
}

static void show_progress(struct capture *c, bool done)
{
    enum { WIDTH = 40 };
    if (!c->file_size || !isatty(STDERR_FILENO) || c->runner->options->verbose)
        return;
    if (done) {
        if (c->progress_shown)
            fputs("\r\033[K", stderr);
        return;
    }
    long at = ftell(c->file);
    if (at < 0 || seconds_now() - c->began < 0.3)
        return;
    double part = (double)at / (double)c->file_size;
    int filled = part > 1 ? WIDTH : (int)(part * (double)WIDTH);
    fprintf(stderr, "\r[%.*s%*s] %3d%%  %" PRIu64 " packets", filled, "########################################",
            WIDTH - filled, "", (int)(part * 100), c->total_packets);
    c->progress_shown = true;
}

static void run_packets(struct capture *c)
{
    const struct run_options *o = c->runner->options;
    c->began = seconds_now();
    for (bool more = true; more && !c->broken;) {
        uint64_t before = c->total_packets;
        more = read_batch(c);
        if (o->repeat > 1 && c->byte_count) {
            unsigned char *fresh = realloc(c->fresh, c->byte_count);
            if (!fresh) {
                complain("out of memory");
                c->broken = true;
                break;
            }
            c->fresh = fresh;
            memcpy(c->fresh, c->bytes, c->byte_count);
        }
        bool broken = c->broken; /* what was read before that still counts */
        run_batch(c, true);
        c->broken = !settle_batch(c, before) || broken;
        for (uint64_t i = 1; i < o->repeat; i++) {
            if (c->byte_count)
                memcpy(c->bytes, c->fresh, c->byte_count);
            run_batch(c, false);
        }
        show_progress(c, false);
    }
    show_progress(c, true);
}

/* ------------------------------------------------------------------------------------------ reporting */

static double packets_per_second(const struct capture *c)
{
    return c->seconds > 0 ? (double)c->total_packets * (double)c->runner->options->repeat / c->seconds : 0;
}

static void print_table(struct capture *c)
{
    double packets = c->total_packets ? (double)c->total_packets : 1;
    if (c->count_used)
        printf("%-32s %12s %14s %8s\n", "verdict", "packets", "bytes", "percent");
    for (size_t i = 0; i < c->count_used && i < TABLE_ROWS; i++) {
        char text[64];
        const struct count *count = &c->counts[i];
        verdict_text(c->runner, count->verdict, text, sizeof text);
        printf("%-32s %12" PRIu64 " %14" PRIu64 " %7.2f%%\n", text, count->packets, count->bytes,
               100 * (double)count->packets / packets);
    }
    if (c->count_used > TABLE_ROWS)
        printf("... and %zu more verdicts (--json lists them all)\n", c->count_used - TABLE_ROWS);
    for (size_t i = 0; i < c->error_kinds; i++) {
        char text[64];
        snprintf(text, sizeof text, "error: %s", skep_code_name(c->errors[i].err.code));
        printf("%-32s %12" PRIu64 " %14s %7.2f%%\n", text, c->errors[i].packets, "",
               100 * (double)c->errors[i].packets / packets);
    }
    printf("%-32s %12" PRIu64 " %14" PRIu64 "\n", "total", c->total_packets, c->total_bytes);
    if (c->runner->options->write)
        printf("%" PRIu64 " packets written to %s\n", c->kept, c->runner->options->write);
    if (c->total_packets)
        printf("%.0f packets per second (%s)\n", packets_per_second(c), engine_name(c->runner->engine));
    if (c->runner->options->stats)
        print_jit_stats(c->runner->vm);
}

static void report_json(struct capture *c)
{
    double packets = c->total_packets ? (double)c->total_packets : 1;
    json_t *json = json_object(), *verdicts = json_array(), *errors = json_array();
    for (size_t i = 0; i < c->count_used; i++) {
        json_t *entry = json_object();
        set_verdict_json(c, entry, c->counts[i].verdict);
        json_object_set_new(entry, "packets", json_integer((json_int_t)c->counts[i].packets));
        json_object_set_new(entry, "bytes", json_integer((json_int_t)c->counts[i].bytes));
        json_object_set_new(entry, "percent", json_real(100 * (double)c->counts[i].packets / packets));
        json_array_append_new(verdicts, entry);
    }
    for (size_t i = 0; i < c->error_kinds; i++) {
        json_t *entry = json_object();
        json_object_set_new(entry, "packets", json_integer((json_int_t)c->errors[i].packets));
        json_object_set_new(entry, "first_packet", json_integer((json_int_t)c->errors[i].first));
        json_object_set_new(entry, "error", json_error(&c->errors[i].err));
        json_array_append_new(errors, entry);
    }
    json_object_set_new(json, "program", program_json(c->runner));
    json_object_set_new(json, "capture", json_text(c->runner->options->pcap));
    json_object_set_new(json, "engine", json_text(engine_name(c->runner->engine)));
    if (c->runner->options->stats)
        json_object_set_new(json, "machine_code", jit_stats_json(c->runner->vm));
    json_object_set_new(json, "packets", json_integer((json_int_t)c->total_packets));
    json_object_set_new(json, "bytes", json_integer((json_int_t)c->total_bytes));
    json_object_set_new(json, "verdicts", verdicts);
    json_object_set_new(json, "errors", errors);
    if (c->runner->options->write)
        json_object_set_new(json, "written", json_integer((json_int_t)c->kept));
    if (c->verdict_list)
        json_object_set(json, "list", c->verdict_list);
    json_object_set_new(json, "complete", json_boolean(!c->broken));
    json_object_set_new(json, "repeat", json_integer((json_int_t)c->runner->options->repeat));
    json_object_set_new(json, "seconds", json_real(c->seconds));
    json_object_set_new(json, "packets_per_second", json_real(packets_per_second(c)));
    add_state(c->runner, json);
    print_json(json);
}

static void report(struct capture *c)
{
    sort_counts(c);
    if (c->runner->options->json)
        report_json(c);
    else if (!c->runner->options->only_maps)
        print_table(c);
    if (!c->runner->options->json)
        print_state(c->runner);
    for (size_t i = 0; i < c->error_kinds; i++) {
        char where[64];
        fflush(stdout);
        snprintf(where, sizeof where, "packet %" PRIu64, c->errors[i].first);
        complain_error(where, &c->errors[i].err);
    }
}

/* --------------------------------------------------------------------------------- opening and closing */

static bool open_capture(struct capture *c)
{
    const struct run_options *o = c->runner->options;
    const char *name = input_name(o->pcap);
    char text[PCAP_ERRBUF_SIZE] = "";
    struct stat in, out;
    c->file = strcmp(o->pcap, "-") == 0 ? stdin : fopen(o->pcap, "rb");
    if (!c->file || fstat(fileno(c->file), &in) != 0) {
        complain("%s: %s", name, strerror(errno));
        return false;
    }
    if (S_ISDIR(in.st_mode)) {
        complain("%s: %s", name, strerror(EISDIR));
        return false;
    }
    c->file_size = S_ISREG(in.st_mode) ? (uint64_t)in.st_size : 0;
    c->in = pcap_fopen_offline(c->file, text);
    if (!c->in) {
        complain("%s: not a capture: %s", name, text);
        return false;
    }
    c->link_header = pcap_datalink(c->in) == DLT_EN10MB;
    if (!o->write)
        return true;
    if (stat(o->write, &out) == 0 && out.st_dev == in.st_dev && out.st_ino == in.st_ino) {
        complain("%s: the capture that is read cannot be written to", o->write);
        return false;
    }
    c->out = pcap_dump_open(c->in, o->write);
    if (!c->out)
        complain("%s", pcap_geterr(c->in));
    return c->out != NULL;
}

static void close_capture(struct capture *c)
{
    if (c->out) {
        if (pcap_dump_flush(c->out) != 0 || ferror(pcap_dump_file(c->out))) {
            complain("%s: %s", c->runner->options->write, strerror(errno));
            c->broken = true;
        }
        pcap_dump_close(c->out);
    }
    if (c->in)
        pcap_close(c->in); /* closes the file, too, unless it is standard input */
    else if (c->file && c->file != stdin)
        fclose(c->file);
    free(c->bytes);
    free(c->fresh);
    free(c->counts);
    json_decref(c->verdict_list);
}

int run_capture(struct runner *runner)
{
    struct capture *c = calloc(1, sizeof *c);
    if (!c) {
        complain("out of memory");
        return STATUS_REFUSED;
    }
    c->runner = runner;
    bool opened = open_capture(c);
    if (opened) {
        if (runner->options->json && runner->options->verbose)
            c->verdict_list = json_array();
        run_packets(c);
        report(c);
    }
    close_capture(c);
    int status = opened && !c->broken && c->failed == 0 ? STATUS_OK : STATUS_REFUSED;
    free(c);
    return finish_output(status);
}
