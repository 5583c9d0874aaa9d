/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a run leaves behind: an object's global variables and the contents of its maps, by their types. Both are made as
 * JSON first; as text, each value stands in a line of its own.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Entries of one map that are shown; the rest is counted. */
enum { ENTRIES_MOST = 1 << 20 };

const char *map_type_name(skep_map_type type)
{
    static const char *const names[] = {
        [SKEP_MAP_HASH] = "hash",
        [SKEP_MAP_ARRAY] = "array",
        [SKEP_MAP_PROG_ARRAY] = "prog_array",
        [SKEP_MAP_PERF_EVENT_ARRAY] = "perf_event_array",
        [SKEP_MAP_PERCPU_HASH] = "percpu_hash",
        [SKEP_MAP_PERCPU_ARRAY] = "percpu_array",
        [SKEP_MAP_STACK_TRACE] = "stack_trace",
        [SKEP_MAP_LRU_HASH] = "lru_hash",
        [SKEP_MAP_LRU_PERCPU_HASH] = "lru_percpu_hash",
        [SKEP_MAP_LPM_TRIE] = "lpm_trie",
        [SKEP_MAP_ARRAY_OF_MAPS] = "array_of_maps",
        [SKEP_MAP_HASH_OF_MAPS] = "hash_of_maps",
        [SKEP_MAP_DEVMAP] = "devmap",
        [SKEP_MAP_CPUMAP] = "cpumap",
        [SKEP_MAP_XSKMAP] = "xskmap",
        [SKEP_MAP_QUEUE] = "queue",
        [SKEP_MAP_STACK] = "stack",
        [SKEP_MAP_DEVMAP_HASH] = "devmap_hash",
        [SKEP_MAP_RINGBUF] = "ringbuf",
        [SKEP_MAP_BLOOM_FILTER] = "bloom_filter",
    };
    return type < sizeof names / sizeof *names && names[type] ? names[type] : "unknown";
}

/* The library's JSON as ours; null when it cannot be had. */
static json_t *adopt(skep_code code, char *text)
{
    json_t *json = code == SKEP_OK ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
    if (code == SKEP_OK)
        skep_free(&tool_hooks, text);
    return json ? json : json_null();
}

static json_t *part_json(const skep_object *object, size_t index, skep_map_part part, const void *bytes)
{
    char *text = NULL;
    skep_code code = skep_object_map_json(object, index, part, bytes, &text, NULL);
    return adopt(code, text);
}

json_t *global_json(const skep_object *object, const char *name)
{
    char *text = NULL;
    skep_code code = skep_object_global_json(object, name, &text, NULL);
    return adopt(code, text);
}

static json_t *globals_json(const skep_object *object)
{
    json_t *json = json_object();
    skep_global_info info = {.size = sizeof info};
    for (size_t cursor = 0; skep_object_next_global(object, &cursor, &info);)
        if (strcmp(info.section, "license") != 0)
            json_object_set_new(json, info.name, global_json(object, info.name));
    return json;
}

static bool is_percpu(skep_map_type type)
{
    return type == SKEP_MAP_PERCPU_HASH || type == SKEP_MAP_PERCPU_ARRAY || type == SKEP_MAP_LRU_PERCPU_HASH;
}

static json_t *entry_json(const skep_object *object, size_t index, const skep_map_info *info, const unsigned char *key,
                          const unsigned char *value)
{
    json_t *entry = json_object();
    if (key)
        json_object_set_new(entry, "key", part_json(object, index, SKEP_MAP_KEY, key));
    if (!is_percpu(info->type)) {
        json_object_set_new(entry, "value", part_json(object, index, SKEP_MAP_VALUE, value));
        return entry;
    }
    json_t *values = json_array();
    size_t step = ((size_t)info->value_size + 7) / 8 * 8;
    for (uint32_t i = 0; i < info->cpus; i++)
        json_array_append_new(values, part_json(object, index, SKEP_MAP_VALUE, value + i * step));
    json_object_set_new(entry, "values", values);
    return entry;
}

static void add_entries(const skep_object *object, size_t index, const skep_map_info *info, skep_map *map, json_t *json)
{
    json_t *entries = json_array();
    unsigned char *key = calloc(2, (size_t)info->key_size + 1), *next = key ? key + info->key_size + 1 : NULL;
    unsigned char *value = calloc(1, info->copy_size + 1);
    uint64_t more = 0;
    for (int status = key && value ? skep_map_next_key(map, NULL, next) : -1; status == 0;
         status = skep_map_next_key(map, key, next)) {
        memcpy(key, next, info->key_size);
        if (json_array_size(entries) >= ENTRIES_MOST)
            more++;
        else if (skep_map_lookup(map, key, value, 0) == 0)
            json_array_append_new(entries, entry_json(object, index, info, key, value));
    }
    json_object_set_new(json, "entries", entries);
    if (more)
        json_object_set_new(json, "not_shown", json_integer((json_int_t)more));
    free(key);
    free(value);
}

struct records {
    json_t *array;
};

static int add_record(void *user, const void *record, size_t size)
{
    struct records *records = user;
    char *text = malloc(size * 2 + 1);
    for (size_t i = 0; text && i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", ((const unsigned char *)record)[i]);
    json_array_append_new(records->array, text ? json_stringn(text, size * 2) : json_null());
    free(text);
    return 0;
}

/* Takes what is in a queue, stack or ring buffer out; the program has run. */
static void add_taken(const skep_object *object, size_t index, const skep_map_info *info, skep_map *map, json_t *json)
{
    json_t *array = json_array();
    if (info->type == SKEP_MAP_RINGBUF) {
        struct records records = {array};
        (void)skep_ringbuf_consume(map, add_record, &records);
        json_object_set_new(json, "records", array);
        return;
    }
    unsigned char *value = calloc(1, info->copy_size + 1);
    while (value && skep_map_lookup_and_delete(map, NULL, value, 0) == 0)
        json_array_append_new(array, entry_json(object, index, info, NULL, value));
    free(value);
    json_object_set_new(json, "entries", array);
}

static json_t *map_json(const skep_object *object, size_t index)
{
    skep_object_map_info info = {.size = sizeof info};
    skep_map_info made = {.size = sizeof made};
    json_t *json = json_object();
    if (skep_object_map(object, index, &info, NULL) != SKEP_OK || !info.map)
        return json;
    skep_map_get_info(info.map, &made);
    json_object_set_new(json, "type", json_text(map_type_name(info.type)));
    if (info.type == SKEP_MAP_QUEUE || info.type == SKEP_MAP_STACK || info.type == SKEP_MAP_RINGBUF)
        add_taken(object, index, &made, info.map, json);
    else if (info.type != SKEP_MAP_BLOOM_FILTER)
        add_entries(object, index, &made, info.map, json);
    return json;
}

/* Whether the options ask for this map. */
static bool is_wanted(const struct run_options *o, const skep_object_map_info *info)
{
    bool named = false;
    for (size_t i = 0; i < o->map_name_count; i++)
        named |= strcmp(o->map_names[i], info->name) == 0;
    return named || (o->all_maps && !info->is_data);
}

static json_t *maps_json(const struct runner *r)
{
    json_t *maps = json_object();
    for (size_t i = 0; i < skep_object_map_count(r->program->object); i++) {
        skep_object_map_info info = {.size = sizeof info};
        if (skep_object_map(r->program->object, i, &info, NULL) == SKEP_OK && is_wanted(r->options, &info))
            json_object_set_new(maps, info.name, map_json(r->program->object, i));
    }
    return maps;
}

static json_t *wanted_globals(const struct runner *r)
{
    const struct run_options *o = r->options;
    json_t *json = o->all_globals ? globals_json(r->program->object) : json_object();
    for (size_t i = 0; i < o->get_count; i++)
        json_object_set_new(json, o->gets[i], global_json(r->program->object, o->gets[i]));
    return json;
}

void add_state(const struct runner *r, json_t *json)
{
    const struct run_options *o = r->options;
    if (o->all_globals || o->get_count)
        json_object_set_new(json, "globals", wanted_globals(r));
    if (o->all_maps || o->map_name_count)
        json_object_set_new(json, "maps", maps_json(r));
}

/* One line, and nothing in it that steers a terminal: JSON escapes control characters but DEL and C1. */
static void print_value(json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    fputs(text ? printable(text) : "null", stdout);
    free(text);
}

static void print_name(const char *name)
{
    char *copy = strdup(name);
    fputs(copy ? printable(copy) : "", stdout);
    free(copy);
}

static void print_map(const char *name, json_t *map)
{
    size_t i;
    json_t *entry, *entries = json_object_get(map, "entries"), *records = json_object_get(map, "records");
    json_t *array = entries ? entries : records;
    fputs("map ", stdout);
    print_name(name);
    printf(" (%s): %zu %s\n", json_string_value(json_object_get(map, "type")), json_array_size(array),
           records ? "records" : "entries");
    json_array_foreach (array, i, entry) {
        json_t *key = json_object_get(entry, "key"), *value = json_object_get(entry, "value");
        fputs("  ", stdout);
        if (key) {
            print_value(key);
            fputs(": ", stdout);
        }
        print_value(records ? entry : value ? value : json_object_get(entry, "values"));
        putchar('\n');
    }
    if (json_object_get(map, "not_shown"))
        printf("  and %lld more\n", (long long)json_integer_value(json_object_get(map, "not_shown")));
}

void print_state(const struct runner *r)
{
    const char *name;
    json_t *value, *state = json_object();
    add_state(r, state);
    json_object_foreach (json_object_get(state, "globals"), name, value) {
        print_name(name);
        fputs(" = ", stdout);
        print_value(value);
        putchar('\n');
    }
    json_object_foreach (json_object_get(state, "maps"), name, value)
        print_map(name, value);
    json_decref(state);
}

/* Before the first run: what is asked for must be there, and what is set is set. */
bool prepare_state(const struct runner *r)
{
    const struct run_options *o = r->options;
    skep_object *object = r->program->object;
    skep_error err;
    if (!object && (o->set_count || o->get_count || o->map_name_count || o->all_maps || o->all_globals)) {
        complain("%s: not an object, so it has no maps or global variables", input_name(o->input));
        return false;
    }
    for (size_t i = 0; i < o->set_count; i++) {
        char *name = strdup(o->sets[i]), *value = name ? strchr(name, '=') : NULL;
        if (value)
            *value++ = 0;
        bool ok = value && skep_object_set_global(object, name, value, &err) == SKEP_OK;
        if (!ok)
            complain("--set %s: %s", o->sets[i], value ? err.message : "out of memory");
        free(name);
        if (!ok)
            return false;
    }
    for (size_t i = 0; i < o->get_count; i++) {
        char *text = NULL;
        if (skep_object_global_json(object, o->gets[i], &text, &err) != SKEP_OK) {
            complain("--get: %s", err.message);
            return false;
        }
        skep_free(&tool_hooks, text);
    }
    for (size_t i = 0; i < o->map_name_count; i++) {
        bool found = false;
        for (size_t k = 0; k < skep_object_map_count(object) && !found; k++) {
            skep_object_map_info info = {.size = sizeof info};
            found = skep_object_map(object, k, &info, &err) == SKEP_OK && strcmp(info.name, o->map_names[i]) == 0;
        }
        if (!found) {
            complain("--map: the object has no map '%s'", o->map_names[i]);
            return false;
        }
    }
    return true;
}
