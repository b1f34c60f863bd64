/*
 * config - configuration text to struct config; errors name the key.
 *
 * The text is JSON with comments. Every option is a row of one table in config_table.c:
 * name, type, default, bounds, a sentence. The table reads the file, answers --help-config
 * and writes docs/configuration.md, so the three cannot disagree. Unknown keys are errors
 * that name the closest known one. Built on the main thread, then never written.
 */
#ifndef JF_PARSE_CONFIG_H
#define JF_PARSE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/parse/ip.h"
#include "sdk/jackfield.h"

enum config_profile { PROFILE_JACKFIELD, PROFILE_AWS };
enum config_tls_client { TLS_CLIENT_OFF, TLS_CLIENT_ASK, TLS_CLIENT_REQUIRE };
enum config_slow_reader { SLOW_REFUSE, SLOW_CLOSE, SLOW_DROP_OLDEST };

/* "routes" of a plugin: the stage's key to the plugin's own name for the route. */
struct config_rename {
    char *key, *name;
};

struct config_plugin {
    char *file;    /* joined to the configuration file's folder if relative */
    char *options; /* JSON text, "{}" if none */
    struct config_rename *renames;
    size_t rename_count;
};

/* A stage variable. */
struct config_variable {
    char *name, *value;
};

/* One base path of a host, without a slash at its end: "" is the root. */
struct config_mapping {
    char *path, *stage;
};

struct config_domain {
    char *host; /* in lower case, without a port */
    struct config_mapping *mappings;
    size_t mapping_count;
};

/* Files of `folder` under the URL path `path`. */
struct config_static {
    char *path, *folder;
};

struct config_limits {
    uint64_t message_bytes, frame_bytes, inbox_bytes, outbox_bytes, mailbox_bytes;
    uint64_t connections;
    uint64_t event_ms, head_ms, close_ms;
    uint64_t ping_s, idle_s, lifetime_s; /* 0: never */
    uint64_t drain_s, drain_jitter_s;
};

#define CONFIG_UNSET UINT64_MAX

/* Whose handlers' bodies go back to the sender. */
enum config_two_way { TWO_WAY_UNSAID, TWO_WAY_NONE, TWO_WAY_SOME, TWO_WAY_ALL };

/* "models" of a stage: what the messages of a route have to look like. */
struct config_model {
    char *route;
    char *schema; /* JSON Schema */
};

/* So many per second, in thousandths, and so many at once; zeroed: there is no limit. */
struct config_rate {
    uint64_t per_second_milli;
    uint32_t burst;
};

enum config_rate_scope { RATE_CONNECTION, RATE_ADDRESS, RATE_STAGE, RATE_SCOPES };

struct config_route_rate {
    char *key;
    struct config_rate rate; /* per connection */
};

/* How many connections at a time have the same of what an authorizer said of them. */
struct config_ceiling {
    char *name; /* of what it said, without "authorizer." */
    uint32_t connections;
};

/* "rates" of a stage. */
struct config_rates {
    struct config_rate messages[RATE_SCOPES], bytes[RATE_SCOPES];
    struct config_rate connects[RATE_SCOPES]; /* not by connection */
    struct config_route_rate *routes;
    size_t route_count;
    uint32_t connections_per_address; /* at a time; 0: no limit */
    struct config_ceiling *ceilings;
    size_t ceiling_count;
    bool global;          /* counted over all nodes, where it is not by connection */
    uint32_t close_after; /* so many refused messages in a row; 0: never */
};

/* How much a client may do that brings an API key; what is zero has no limit. */
struct config_usage_plan {
    char *name;
    struct config_rate connects, messages, bytes;
    uint32_t connections; /* at a time */
    uint64_t quota;       /* connects and messages, per day of UTC */
};

#define CONFIG_DIGEST 32 /* octets of a SHA-256 */

struct config_api_key {
    char *id;
    uint8_t digest[CONFIG_DIGEST]; /* see config_key_digest() */
    size_t plan;                   /* its place among the usage plans */
    bool enabled;
};

/* Where a client's API key is. */
enum config_api_key_source { API_KEY_HEADER, API_KEY_AUTHORIZER };

struct config_stage {
    char *name;   /* "$default" lives at "/" */
    char *route;  /* the route selection expression */
    char *api_id; /* what events call the API */
    struct config_variable *variables;
    size_t variable_count;
    enum config_two_way two_way;
    char **two_way_keys; /* TWO_WAY_SOME */
    size_t two_way_count;
    char **origins; /* whose pages may connect; none: anybody's */
    size_t origin_count;
    char **identity; /* what a client must bring for $authorize to be asked */
    size_t identity_count;
    struct config_model *models;
    size_t model_count;
    struct config_rates rates;
    size_t *plans; /* places among the usage plans; none: no key is asked for */
    size_t plan_count;
    enum config_api_key_source api_key_source;
    struct config_limits limits; /* CONFIG_UNSET: as for all; see config_stage_limits() */
    struct config_plugin *plugins;
    size_t plugin_count;
};

struct config_reload {
    bool watch;
    uint64_t settle_ms, trial_events, trial_failures, trial_s;
};

/* Where attributes and groups live, and with Redis, how nodes find each other. */
struct config_store {
    char *kind;    /* "memory", "redis" */
    char *url;     /* "": none */
    char *prefix;  /* of every key in Redis */
    char *cluster; /* "": none; where a Redis Cluster for the letters is */
    uint64_t timeout_ms, lease_ms;
};

enum config_manage { MANAGE_OFF, MANAGE_SHARED, MANAGE_SEPARATE, MANAGE_BOTH };

struct config_access_key {
    char *id, *secret;
};

/* The management API. */
struct config_management {
    enum config_manage mode;
    char *host; /* of the separate listener */
    uint64_t port;
    char *region; /* "": any */
    uint64_t body_bytes;
    struct config_access_key *keys;
    size_t key_count;
    char **tokens;
    size_t token_count;
};

struct config_lua {
    uint64_t memory_bytes, budget_ms;
};

struct config {
    enum config_profile profile;
    char *listen_host;
    uint64_t listen_port;
    uint64_t workers; /* 0: one per core */
    enum jf_level log_level;
    bool log_json;
    char *tls_cert, *tls_key; /* NULL: no TLS */
    char *tls_client_ca;      /* NULL: clients are not asked */
    enum config_tls_client tls_client;
    enum config_slow_reader slow_reader;
    bool refuse_binary;
    struct config_store store;
    struct config_management management;
    struct config_limits limits;
    bool frames_follow; /* limits.frame_bytes is not given: it is message_bytes */
    struct config_reload reload;
    struct config_lua lua;
    struct config_stage *stages;
    size_t stage_count;
    struct config_static *statics;
    size_t static_count;
    struct config_domain *domains;
    size_t domain_count;
    struct ip_range *proxies;
    size_t proxy_count;
    struct config_usage_plan *usage_plans;
    size_t usage_plan_count;
    struct config_api_key *api_keys;
    size_t api_key_count;
};

#define CONFIG_STAGE_DEFAULT "$default"
#define CONFIG_TEXT_MAX ((size_t)4 << 20) /* octets of a file: room for 10,000 API keys */
#define CONFIG_FAR_MESSAGE_MAX (2u << 20) /* octets of a message between nodes */

/* What is wrong, where. `line` and `column` count from 1; 0 if the place has none. */
struct config_error {
    unsigned line, column;
    char text[512];
};

/* The defaults of the options and no stages. */
void config_new(struct config **out);
void config_free(struct config *config); /* NULL is accepted */

/* Read `text` over the defaults ("profile" decides which). Relative file names are joined
 * to `folder`. JF_E_INVALID with *error; *out is untouched then. */
int config_parse(jf_bytes text, const char *folder, struct config **out,
                 struct config_error *error);

/* As if named at the top level: stage "$default", at "/". */
void config_add_plugin(struct config *config, const char *file);

/* A store in Redis, at `url`. */
void config_set_redis(struct config *config, const char *url);

/* "ADDRESS:PORT", "[v6]:PORT", ":PORT" (all IPv4 addresses) or "PORT" (the host stays) into
 * listen_host, without brackets, and listen_port. JF_E_INVALID: it is none of them. */
int config_set_listen(struct config *config, jf_bytes text);

/* Is the whole fit to run: stages present, certificate with key, limits that agree?
 * JF_E_INVALID with *error. */
int config_check(const struct config *config, struct config_error *error);

/* The limits of a stage's connections: its own where it has some, else those for all. */
void config_stage_limits(const struct config *config, const struct config_stage *stage,
                         struct config_limits *out);

/* The longest message that any stage takes. */
uint64_t config_longest_message(const struct config *config);

/* May a host that runs with `old` go on with `new`? JF_E_INVALID with *error, which names
 * the first key that is decided at the start. */
int config_check_change(const struct config *old, const struct config *new,
                        struct config_error *error);

/* What is kept of an API key: the SHA-256 of its value. [any thread] */
void config_key_digest(jf_bytes value, uint8_t out[CONFIG_DIGEST]);

/* Do these two say the same of a plugin? */
bool config_plugin_same(const struct config_plugin *a, const struct config_plugin *b);

/* What an engine is told about the script at `path`: JSON text, the caller's. */
char *config_script_options(const struct config *config, const struct config_plugin *plugin,
                            const char *path);

void config_print_help(FILE *to);     /* --help-config: for a terminal */
void config_print_markdown(FILE *to); /* docs/configuration.md */

#endif
