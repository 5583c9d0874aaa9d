/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ring buffers: positions, room, order and wrapping as Documentation/bpf/ringbuf.rst says; 8 bytes of header per
 * record. */
#include "map_tools.h"

#include "map/ringbuf.h"

struct seen {
    unsigned count, stop_at; /* the visit that says stop, from 1 */
    int answer;
    size_t size[64];
    uint8_t first[64];
};

static int see(void *user, const void *record, size_t size)
{
    struct seen *seen = user;
    assert_int_equal(sk_addr(record) % 8, 0);
    assert_true(seen->count < 64);
    seen->size[seen->count] = size;
    seen->first[seen->count] = size ? *(const uint8_t *)record : 0;
    for (size_t i = 0; i < size; i++)
        assert_int_equal(((const uint8_t *)record)[i], (uint8_t)(seen->first[seen->count] + i));
    return ++seen->count == seen->stop_at ? seen->answer : 0;
}

static void fill(void *record, uint8_t first, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)record)[i] = (uint8_t)(first + i);
}

static uint64_t query(skep_map *map, uint64_t what) { return sk_ringbuf_query(map, what); }

static void records(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_RINGBUF, 0, 0, 4096, 0, NULL);
    struct seen seen = {0};
    uint8_t bytes[16];
    assert_int_equal(query(map, SK_RINGBUF_RING_SIZE), 4096);
    assert_int_equal(query(map, SK_RINGBUF_AVAIL_DATA), 0);
    assert_int_equal(query(map, 4), 0);
    assert_int_equal(skep_ringbuf_consume(map, see, &seen), 0);
    fill(bytes, 7, sizeof bytes);
    assert_int_equal(sk_ringbuf_output(map, bytes, 13, 0), 0);
    assert_int_equal(sk_ringbuf_output(map, bytes, 13, 4), -SKEP_EINVAL);
    assert_int_equal(query(map, SK_RINGBUF_AVAIL_DATA), 24);
    void *first = sk_ringbuf_reserve(map, 8), *second = sk_ringbuf_reserve(map, 0), *third = sk_ringbuf_reserve(map, 1);
    assert_true(first && second && third);
    assert_int_equal(query(map, SK_RINGBUF_PROD_POS), 24 + 16 + 8 + 16);
    fill(first, 100, 8);
    fill(third, 200, 1);
    sk_ringbuf_commit(third, false);
    /* The consumer stops at what is reserved and goes on when it is committed; what was discarded is not seen. */
    assert_int_equal(skep_ringbuf_consume(map, see, &seen), 1);
    assert_int_equal(query(map, SK_RINGBUF_CONS_POS), 24);
    sk_ringbuf_commit(first, false);
    sk_ringbuf_commit(second, true);
    assert_int_equal(skep_ringbuf_consume(map, see, &seen), 2);
    assert_int_equal(query(map, SK_RINGBUF_AVAIL_DATA), 0);
    assert_int_equal(query(map, SK_RINGBUF_CONS_POS), 64);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.size[0], 13);
    assert_int_equal(seen.size[1], 8);
    assert_int_equal(seen.size[2], 1);
    assert_int_equal(seen.first[2], 200);
    /* A visit that ends it has consumed its record. */
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(sk_ringbuf_output(map, bytes, 8, SK_RINGBUF_FORCE_WAKEUP | SK_RINGBUF_NO_WAKEUP), 0);
    seen = (struct seen){.stop_at = 2, .answer = 1};
    assert_int_equal(skep_ringbuf_consume(map, see, &seen), 2);
    seen = (struct seen){.stop_at = 1, .answer = -SKEP_EIO};
    assert_int_equal(skep_ringbuf_consume(map, see, &seen), -SKEP_EIO);
    assert_int_equal(query(map, SK_RINGBUF_AVAIL_DATA), 16);
    assert_int_equal(skep_ringbuf_consume(map, NULL, NULL), -SKEP_EINVAL);
    skep_map_unref(map);
    map = make_map(SKEP_MAP_ARRAY, 4, 8, 1, 0, NULL);
    assert_int_equal(skep_ringbuf_consume(map, see, &seen), -SKEP_EINVAL);
    skep_map_unref(map);
}

/* The producer is never more than the size, less one, ahead. */
static void room(void **state)
{
    (void)state;
    skep_map *map = make_map(SKEP_MAP_RINGBUF, 0, 0, 4096, 0, NULL);
    struct seen seen = {0};
    assert_null(sk_ringbuf_reserve(map, 4096));
    assert_null(sk_ringbuf_reserve(map, 4089));
    assert_null(sk_ringbuf_reserve(map, 4081)); /* 4096 with its header, rounded up: one too many */
    assert_null(sk_ringbuf_reserve(map, UINT32_MAX / 4 + 1));
    assert_null(sk_ringbuf_reserve(map, UINT64_MAX));
    void *record = sk_ringbuf_reserve(map, 4080);
    assert_non_null(record);
    assert_null(sk_ringbuf_reserve(map, 0));
    memset(record, 0, 4080);
    sk_ringbuf_commit(record, true);
    assert_null(sk_ringbuf_reserve(map, 0)); /* nobody has passed it yet */
    assert_int_equal(skep_ringbuf_consume(map, see, &seen), 0);
    /* From here records begin at 4088 and go on beyond the end. */
    record = sk_ringbuf_reserve(map, 4080);
    assert_non_null(record);
    fill(record, 3, 4080);
    assert_null(sk_ringbuf_reserve(map, 0));
    sk_ringbuf_commit(record, false);
    assert_int_equal(skep_ringbuf_consume(map, see, &seen), 1);
    assert_int_equal(seen.size[0], 4080);
    assert_int_equal(query(map, SK_RINGBUF_PROD_POS), 2 * 4088);
    assert_int_equal(sk_ringbuf_output(map, seen.first, 4090, 0), -SKEP_EAGAIN);
    skep_map_unref(map);
}

/* Sizes at random, against a list of what is in the ring. */
static void random_records(void **state)
{
    (void)state;
    enum { MOST = 600 };
    static struct {
        uint8_t *address, first;
        uint32_t size;
        bool open, gone;
    } list[MOST];
    skep_map *map = make_map(SKEP_MAP_RINGBUF, 0, 0, 4096, 0, NULL);
    uint64_t dice = 1, produced = 0, consumed = 0;
    uint32_t begin = 0, end = 0, refused = 0, wrapped = 0;
    for (unsigned step = 0; step < 200000; step++) {
        const uint32_t what = (uint32_t)(next_random(&dice) % 16);
        if (what < 9) {
            const uint32_t size = (uint32_t)(next_random(&dice) % (what == 0 ? 3000 : 90));
            const uint64_t all = (size + 8 + 7) / 8 * 8;
            uint8_t *record = sk_ringbuf_reserve(map, size);
            assert_int_equal(record != NULL, produced + all - consumed < 4096);
            if (!record) {
                refused++;
                continue;
            }
            wrapped += produced % 4096 + all > 4096;
            produced += all;
            fill(record, (uint8_t)step, size);
            assert_true(end - begin < MOST);
            list[end % MOST].address = record;
            list[end % MOST].first = (uint8_t)step;
            list[end % MOST].size = size;
            list[end % MOST].open = true;
            end++;
        } else if (what < 15 && end != begin) {
            const uint32_t i = (begin + (uint32_t)(next_random(&dice) % (end - begin))) % MOST;
            if (list[i].open) {
                list[i].gone = next_random(&dice) % 4 == 0;
                sk_ringbuf_commit(list[i].address, list[i].gone);
                list[i].open = false;
            }
        } else {
            struct seen seen = {.stop_at = 1, .answer = 1};
            uint32_t expected = 0;
            while (begin != end && !list[begin % MOST].open && !expected) {
                expected = !list[begin % MOST].gone;
                consumed += (list[begin % MOST].size + 8 + 7) / 8 * 8;
                begin++;
            }
            assert_int_equal(skep_ringbuf_consume(map, see, &seen), expected);
            if (expected) {
                assert_int_equal(seen.size[0], list[(begin - 1) % MOST].size);
                assert_int_equal(seen.first[0], seen.size[0] ? list[(begin - 1) % MOST].first : 0);
            }
        }
        assert_int_equal(query(map, SK_RINGBUF_PROD_POS), produced);
        assert_int_equal(query(map, SK_RINGBUF_CONS_POS), consumed);
    }
    assert_true(refused > 100 && wrapped > 50);
    skep_map_unref(map);
}

/* Many producers and a consumer: every record whole, once, and those of one producer in order. */
enum { PRODUCERS = 4, EACH = 5000 };
static skep_map *shared;

static void *produce(void *user)
{
    const uint64_t who = (uint64_t)(uintptr_t)user;
    for (uint64_t i = 0; i < EACH;) {
        if (i % 3) {
            uint64_t *record = sk_ringbuf_reserve(shared, 8 * (2 + i % 5));
            if (!record)
                continue;
            record[0] = who;
            for (uint64_t n = 1; n < 2 + i % 5; n++)
                record[n] = i;
            sk_ringbuf_commit(record, i % 7 == 0);
            i++;
        } else {
            const uint64_t record[2] = {who, i};
            i += sk_ringbuf_output(shared, record, sizeof record, 0) == 0;
        }
    }
    return NULL;
}

static int check_record(void *user, const void *record, size_t size)
{
    uint64_t *next = user, who, number;
    memcpy(&who, record, 8);
    memcpy(&number, (const uint8_t *)record + 8, 8);
    assert_true(who < PRODUCERS);
    while (next[who] % 3 && next[who] % 7 == 0)
        next[who]++; /* discarded */
    assert_int_equal(number, next[who]++);
    assert_int_equal(size, number % 3 ? 8 * (2 + number % 5) : 16);
    for (size_t i = 8; i < size; i += 8)
        assert_memory_equal((const uint8_t *)record + i, &number, 8);
    return 0;
}

static void many_producers(void **state)
{
    (void)state;
    pthread_t threads[PRODUCERS];
    uint64_t next[PRODUCERS] = {0};
    unsigned expected = 0;
    for (unsigned i = 0; i < EACH; i++)
        expected += i % 3 && i % 7 == 0 ? 0 : PRODUCERS;
    shared = make_map(SKEP_MAP_RINGBUF, 0, 0, 8192, 0, NULL);
    for (uintptr_t i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce, (void *)i), 0);
    for (unsigned got = 0; got < expected;) {
        const int count = skep_ringbuf_consume(shared, check_record, next);
        assert_true(count >= 0);
        got += (unsigned)count;
    }
    for (unsigned i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(skep_ringbuf_consume(shared, check_record, next), 0);
    skep_map_unref(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(records), cmocka_unit_test(room),
                                       cmocka_unit_test(random_records), cmocka_unit_test(many_producers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
