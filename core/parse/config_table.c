/* The options. A sentence is for a person who reads it in a terminal or in the manual; it
 * says what happens, and at a limit what happens beyond it. */
#include "core/parse/config_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KIB ((uint64_t)1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define DAY_S ((uint64_t)86400)

static const char *const profiles[] = { "jackfield", "aws", NULL };
static const char *const levels[] = { "error", "warn", "info", "debug", NULL };
static const char *const formats[] = { "logfmt", "json", NULL };
static const char *const binaries[] = { "accept", "refuse", NULL };
static const char *const tls_clients[] = { "off", "ask", "require", NULL };
static const char *const slow_readers[] = { "refuse", "close", "drop_oldest", NULL };
static const char *const switches[] = { "off", "on", NULL };
static const char *const manage_modes[] = { "off", "shared", "separate", "both", NULL };
static const char *const key_sources[] = { "$request.header.x-api-key",
                                           "$context.authorizer.usageIdentifierKey", NULL };
static const char *const stores[] = { "memory", "redis", NULL };

/* A bool is a choice of two whose second is true, an enum's words stand in its order. */
_Static_assert(PROFILE_AWS == 1 && SLOW_CLOSE == 1 && SLOW_DROP_OLDEST == 2,
               "words stand in the order of their enums");
_Static_assert(MANAGE_SHARED == 1 && MANAGE_SEPARATE == 2 && MANAGE_BOTH == 3,
               "words stand in the order of their enums");
_Static_assert(API_KEY_HEADER == 0 && API_KEY_AUTHORIZER == 1,
               "words stand in the order of their enums");
_Static_assert(JF_ERROR == 0 && JF_WARN == 1 && JF_INFO == 2 && JF_DEBUG == 3,
               "words stand in the order of their enums");

#define MEMBER(type, member)                                                               \
    offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define NUMBER(section, name, member, low, high, ours, aws, sentence)                      \
    {                                                                                      \
        section, name, CONFIG_NUMBER, MEMBER(config, member), low, high, { ours, aws },    \
            NULL, NULL, sentence                                                           \
    }
#define LIMIT(name, low, high, ours, aws, sentence)                                        \
    NUMBER("limits", #name, limits.name, low, high, ours, aws, sentence)
#define CHOICE(section, name, member, words, ours, aws, sentence)                          \
    {                                                                                      \
        section, name, CONFIG_CHOICE, MEMBER(config, member), 0, 0, { ours, aws }, NULL,   \
            words, sentence                                                                \
    }
#define TEXT(section, name, kind, member, preset, words, sentence)                         \
    {                                                                                      \
        section, name, kind, MEMBER(config, member), 0, 0, { 0, 0 }, preset, words,        \
            sentence                                                                       \
    }
#define STAGE_LIMIT(name)                                                                  \
    {                                                                                      \
        CONFIG_IN_STAGE_LIMITS, #name, CONFIG_OVERRIDE, MEMBER(config_stage, limits.name), \
            0, 0, { 0, 0 }, "as limits." #name, NULL,                                      \
            "As in limits, for the connections of this stage."                             \
    }
#define OF_STAGE(name, kind, member, sentence)                                             \
    {                                                                                      \
        CONFIG_IN_STAGE, name, kind, MEMBER(config_stage, member), 0, 0, { 0, 0 }, NULL,   \
            NULL, sentence                                                                 \
    }
#define OF_PLAN(name, kind, high, sentence)                                                \
    {                                                                                      \
        CONFIG_IN_USAGE_PLAN, #name, kind, MEMBER(config_usage_plan, name), (high) > 0,    \
            high, { 0, 0 }, "no limit", NULL, sentence                                     \
    }
#define OF_KEY(name, kind, member, preset, sentence)                                       \
    {                                                                                      \
        CONFIG_IN_API_KEY, name, kind, MEMBER(config_api_key, member), 0, 0, { 0, 0 },     \
            preset, NULL, sentence                                                         \
    }
#define TREE(section, name, kind, sentence)                                                \
    {                                                                                      \
        section, name, kind, 0, 0, 0, 0, { 0, 0 }, NULL, NULL, sentence                    \
    }

const struct config_option config_options[] = {
    CHOICE("", "profile", profile, profiles, PROFILE_JACKFIELD, PROFILE_AWS,
           "Which defaults apply: our own, or those of API Gateway. What the file sets "
           "itself is kept in either."),
    NUMBER("", "workers", workers, 0, 64, 0, 0,
           "Threads that serve connections; 0 means one per core."),
    CHOICE("", "binary", refuse_binary, binaries, 0, 1,
           "Binary messages: deliver them to handlers, or close the connection with 1003."),
    CHOICE(
        "", "slow_reader", slow_reader, slow_readers, SLOW_REFUSE, SLOW_REFUSE,
        "When the outbox of a client that does not read is full: refuse the new message "
        "(the sender gets JF_E_FULL), close the connection, or drop its oldest message."),
    TREE("", "plugins", CONFIG_PLUGINS,
         "The plugins of the one stage \"$default\", which lives at \"/\". Each is a file "
         "name, or an object (see plugins[]). Give this or \"stages\", not both."),
    TREE("", "route", CONFIG_ROUTE, "The route selection expression of that one stage."),
    TREE("", "stages", CONFIG_STAGES,
         "Several served APIs, by name: ws://host/NAME. A name is up to 128 letters, "
         "digits, "
         "- and _; \"$default\" lives at \"/\"."),
    TREE("", "domains", CONFIG_DOMAINS,
         "Which stage a path means at which host, as custom domains of API Gateway do: an "
         "object of host to an object of base path to stage, as in { \"chat.example.com\": "
         "{ \"/\": \"prod\", \"/v2\": \"beta\" } }. The longest base path wins; where none "
         "fits, 403. At all other hosts the first part of the path is the stage."),
    TREE(
        "", "proxies", CONFIG_PROXIES,
        "Addresses of proxies in front of this host, as in [ \"10.0.0.0/8\", \"::1\" ]. "
        "What "
        "they say of a client in X-Forwarded-For, or without it in Forwarded, is believed, "
        "up to the last address that is none of theirs; so are their X-Forwarded-Port and "
        "-Proto. Nobody else's are."),
    TREE("", "static", CONFIG_STATICS,
         "Files to serve over HTTP: an object of URL path to folder, as in { \"/\": "
         "\"web\" }."),

    TREE("", "usage_plans", CONFIG_USAGE_PLANS,
         "How much may be done with an API key: an object of name to plan (see "
         "usage_plans.NAME). A name is up to 64 letters, digits, - and _; up to 100 of "
         "them."),
    TREE("", "api_keys", CONFIG_API_KEYS,
         "The API keys of clients: an object of id to key (see api_keys.ID). An id is up "
         "to 64 letters, digits, ., - and _; up to 10000 of them. Which are "
         "asked for, usage_plans of a stage says."),

    TREE("", "listen", CONFIG_SECTION, "Where clients connect."),
    TEXT("listen", "host", CONFIG_TEXT, listen_host, "127.0.0.1", NULL,
         "The address to listen on; 0.0.0.0 is every IPv4 address of the machine."),
    NUMBER("listen", "port", listen_port, 0, 65535, 8080, 8080,
           "The TCP port; 0 takes any free one and logs which."),

    TREE("", "tls", CONFIG_SECTION, "wss:// and https://; both files or neither."),
    TEXT("tls", "cert", CONFIG_FILE, tls_cert, NULL, NULL,
         "The certificate and its chain, PEM."),
    TEXT("tls", "key", CONFIG_FILE, tls_key, NULL, NULL, "Its private key, PEM."),

    CHOICE("tls", "client", tls_client, tls_clients, TLS_CLIENT_OFF, TLS_CLIENT_OFF,
           "Certificates of clients: off, ask (none will do, one that is not good will "
           "not), or require. Who has shown one, events tell."),
    TEXT("tls", "client_ca", CONFIG_FILE, tls_client_ca, NULL, NULL,
         "The authorities whose certificates are good, PEM; with ask and require."),

    TREE("", "log", CONFIG_SECTION, "Lines on the standard error stream."),
    CHOICE("log", "level", log_level, levels, JF_INFO, JF_INFO,
           "The least severe lines that are written."),
    CHOICE("log", "format", log_json, formats, 0, 0,
           "Plain key=value lines, or JSON lines."),

    TREE(
        "", "store", CONFIG_SECTION,
        "Where attributes and groups of connections live; with redis, all hosts that share "
        "a Redis and a prefix are one gateway (see redis.md)."),
    TEXT("store", "kind", CONFIG_WORD, store.kind, "memory", stores,
         "In this process, shared by its workers; or in Redis too, shared by many nodes."),
    TEXT("store", "url", CONFIG_TEXT, store.url, "", NULL,
         "Where Redis is: redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], rediss://... "
         "over "
         "TLS, or unix://[[USER]:PASSWORD@]/PATH[?db=DATABASE]."),
    TEXT(
        "store", "prefix", CONFIG_TEXT, store.prefix, "jf:", NULL,
        "Of every key and channel in Redis, 1 to 64 visible ASCII characters; applications "
        "that share a Redis have one each."),
    TEXT(
        "store", "cluster", CONFIG_TEXT, store.cluster, "", NULL,
        "A node of a Redis Cluster (7 or later), as an url like the one above, best with a "
        "name for several; what nodes send to each other then goes over its sharded "
        "channels, the rest to url; the same on all nodes."),
    NUMBER("store", "timeout_ms", store.timeout_ms, 50, 60000, 1000, 1000,
           "How long an answer of Redis, or of another node, may take; beyond it "
           "\"unavailable\", or \"timeout\"."),
    NUMBER("store", "lease_ms", store.lease_ms, 1000, 600000, 10000, 10000,
           "How long a node may be silent before the others take it for dead and run the "
           "$disconnect of its connections; the same on all nodes, at least three times "
           "timeout_ms."),

    TREE(
        "", "management", CONFIG_SECTION,
        "The API by which back ends reach connections: POST /STAGE/@connections/ID and the "
        "rest (see management.md). With access_keys or tokens, one of them is needed; "
        "without, only a listener on a loopback address serves it."),
    CHOICE(
        "management", "mode", management.mode, manage_modes, MANAGE_SHARED, MANAGE_SHARED,
        "Where it is served: nowhere, on the listener of the clients, on one of its own, "
        "or on both."),
    TEXT("management", "host", CONFIG_TEXT, management.host, "127.0.0.1", NULL,
         "The address of its own listener."),
    NUMBER("management", "port", management.port, 0, 65535, 8081, 8081,
           "The port of its own listener; 0 takes any free one and logs which."),
    TREE("management", "access_keys", CONFIG_ACCESS_KEYS,
         "For AWS SDKs: an object of access key id to secret access key. Requests are then "
         "signed with Signature Version 4."),
    TREE("management", "tokens", CONFIG_TOKENS,
         "An array of bearer tokens, of 16 characters or more each."),
    TEXT("management", "region", CONFIG_TEXT, management.region, "", NULL,
         "The region that signatures must be for; any, if it is not given."),
    NUMBER("management", "body_bytes", management.body_bytes, KIB, 64 * MIB, MIB, 128 * KIB,
           "The longest body of a request, of a batch for instance; beyond it 413. A "
           "message has limits.message_bytes at most."),

    TREE("", "reload", CONFIG_SECTION,
         "Taking over a new version of a plugin, a script or this file while clients stay "
         "connected; see also SIGHUP and jackfield reload."),
    CHOICE("reload", "watch", reload.watch, switches, 1, 1,
           "Whether a file that changes is reloaded by itself."),
    NUMBER("reload", "settle_ms", reload.settle_ms, 10, 60000, 100, 100,
           "How long files must have been quiet before they are read, so that several "
           "saves are one reload."),
    NUMBER("reload", "trial_events", reload.trial_events, 0, 1000000, 20, 20,
           "So many events of a new version are on trial, and its predecessor stays ready "
           "meanwhile; 0: no trial."),
    NUMBER("reload", "trial_failures", reload.trial_failures, 1, 1000000, 5, 5,
           "If so many events of the trial fail, the version before serves again."),
    NUMBER("reload", "trial_s", reload.trial_s, 1, DAY_S, 60, 60,
           "A trial ends after this time, however few the events."),

    TREE("", "lua", CONFIG_SECTION, "What each script may use."),
    NUMBER("lua", "memory_bytes", lua.memory_bytes, 256 * KIB, GIB, 16 * MIB, 16 * MIB,
           "Memory per script and worker; a handler that wants more gets an error, and the "
           "client an error frame."),
    NUMBER("lua", "budget_ms", lua.budget_ms, 5, 60000, 100, 100,
           "How long a handler may compute without waiting for anything; beyond it, it is "
           "ended, and the client gets an error frame."),

    TREE("", "limits", CONFIG_SECTION, "Sizes in octets, times as their names end."),
    LIMIT(message_bytes, 1, 64 * MIB, 128 * KIB, 128 * KIB,
          "The longest message of a client; a longer one closes with 1009."),
    { "limits",
      "frame_bytes",
      CONFIG_NUMBER,
      MEMBER(config, limits.frame_bytes),
      1,
      64 * MIB,
      { 0, 32 * KIB },
      "as message_bytes",
      NULL,
      "The longest frame of a client; a longer one closes with 1009." },
    LIMIT(inbox_bytes, KIB, GIB, 256 * KIB, 256 * KIB,
          "What may wait for a busy handler, per connection; beyond it the socket is not "
          "read."),
    LIMIT(outbox_bytes, KIB, GIB, MIB, MIB,
          "What may wait for a slow client, per connection; beyond it see slow_reader."),
    LIMIT(mailbox_bytes, 64 * KIB, 16 * GIB, 64 * MIB, 64 * MIB,
          "What may wait for a worker from other threads; beyond it they get JF_E_FULL."),
    LIMIT(connections, 1, 16 * MIB, 100000, 100000,
          "Connections at a time, in all workers together; beyond it 503."),
    LIMIT(
        event_ms, 50, 3600000, 29000, 29000,
        "How long a handler may take; beyond it the client gets an error, and $connect is "
        "refused with 504."),
    LIMIT(head_ms, 100, 600000, 10000, 10000,
          "How long a client may take to send its request head; beyond it, it is dropped."),
    LIMIT(close_ms, 100, 600000, 5000, 5000,
          "How long a client may take to answer a close; beyond it the socket is closed."),
    LIMIT(ping_s, 0, DAY_S, 60, 0, "How often a quiet client is pinged; 0: never."),
    LIMIT(idle_s, 0, 30 * DAY_S, 600, 600,
          "How long a client may give no sign of life; beyond it 1001; 0: for ever."),
    LIMIT(lifetime_s, 0, 365 * DAY_S, 0, 7200,
          "How long a connection may last; beyond it 1001; 0: for ever."),
    LIMIT(drain_s, 0, 3600, 30, 30,
          "At shutdown, how long events may take to finish and clients to leave."),
    LIMIT(drain_jitter_s, 0, 3600, 5, 5,
          "At shutdown, the time over which the closes are spread."),

    OF_STAGE("route", CONFIG_ROUTE, route, "The route selection expression of this stage."),
    OF_STAGE("plugins", CONFIG_PLUGINS, plugins,
             "The plugins of this stage, at least one."),
    OF_STAGE("api_id", CONFIG_API_ID, api_id,
             "What events call the API this stage is of: requestContext.apiId."),
    OF_STAGE("variables", CONFIG_VARIABLES, variables,
             "Stage variables for handlers: an object of name to text. A name is up to 64 "
             "letters, digits and _; a text up to 512 octets; up to 100 of them."),

    OF_STAGE(
        "two_way", CONFIG_TWO_WAY, two_way,
        "Whether the body that a handler returns goes back to the sender: an array of "
        "the routes where it does, true for all, false for none. There an empty body is "
        "an empty message, and that of $connect follows the upgrade. Not given: with "
        "the jackfield profile bodies that are not empty are sent, but for a table's of "
        "$connect; with aws none is."),
    OF_STAGE("origins", CONFIG_ORIGINS, origins,
             "Whose pages may connect: an array as in [\"https://app.example\", "
             "\"https://*.example\"]; any other Origin is refused with 403. A client that "
             "says none is no browser, and not refused. Not given: anybody's."),
    OF_STAGE("identity", CONFIG_IDENTITY, identity,
             "What a client must bring for $authorize to be asked, as in "
             "[\"route.request.header.Authorization\", "
             "\"route.request.querystring.token\"]; without it 401."),
    OF_STAGE("models", CONFIG_MODELS, models,
             "What messages have to look like: an object of route key to JSON Schema (see "
             "access.md for the keywords). One that does not fit gets the frame \"Bad "
             "request body\" and reaches no handler."),
    OF_STAGE(
        "rates", CONFIG_RATES, rates,
        "How much clients may do, as in { \"messages\": { \"connection\": \"10/20\" } }: "
        "10 per second, 20 at once; see access.md."),
    OF_STAGE("usage_plans", CONFIG_STAGE_PLANS, plans,
             "The plans whose API keys this stage takes, as in [\"free\", \"paid\"]; "
             "without a key of theirs 403. Not given: no key is asked for."),
    { CONFIG_IN_STAGE,
      "api_key",
      CONFIG_STAGE_CHOICE,
      MEMBER(config_stage, api_key_source),
      0,
      0,
      { 0, 0 },
      "$request.header.x-api-key",
      key_sources,
      "Where the API key is, with usage_plans: in a header of the upgrade, or in what "
      "$authorize answers." },
    OF_STAGE("limits", CONFIG_STAGE_LIMITS, limits,
             "Limits of this stage's connections, where they differ from those for all."),

    STAGE_LIMIT(message_bytes),
    STAGE_LIMIT(frame_bytes),
    STAGE_LIMIT(inbox_bytes),
    STAGE_LIMIT(outbox_bytes),
    STAGE_LIMIT(event_ms),
    STAGE_LIMIT(ping_s),
    STAGE_LIMIT(idle_s),
    STAGE_LIMIT(lifetime_s),

    { CONFIG_IN_PLUGIN,
      "file",
      CONFIG_FILE,
      MEMBER(config_plugin, file),
      0,
      0,
      { 0, 0 },
      NULL,
      NULL,
      "A plugin (.so) or a script (.lua). Relative to the folder of the configuration "
      "file." },
    { CONFIG_IN_PLUGIN,
      "options",
      CONFIG_OPTIONS,
      MEMBER(config_plugin, options),
      0,
      0,
      { 0, 0 },
      NULL,
      NULL,
      "Handed to the plugin or script as it is." },
    { CONFIG_IN_PLUGIN,
      "routes",
      CONFIG_RENAMES,
      MEMBER(config_plugin, renames),
      0,
      0,
      { 0, 0 },
      NULL,
      NULL,
      "Other keys for its routes: an object of this stage's key to the plugin's own "
      "name." },

    OF_PLAN(connects, CONFIG_RATE, 0,
            "How often a key may connect, as in \"1/5\": once per second, five times at "
            "once."),
    OF_PLAN(messages, CONFIG_RATE, 0,
            "How many messages all connections of a key may send together, as in "
            "\"10/20\"."),
    OF_PLAN(bytes, CONFIG_RATE, 0,
            "How many octets those messages may have, as in \"20000/200000\"."),
    OF_PLAN(connections, CONFIG_COUNT, 1000000, "Connections of a key at a time."),
    OF_PLAN(quota, CONFIG_COUNT, 1000000000,
            "Connects and messages of a key per day, which begins at midnight UTC."),

    OF_KEY("value", CONFIG_KEY_VALUE, digest, NULL,
           "The key: 20 to 128 visible ASCII characters. Give this or sha256."),
    OF_KEY("sha256", CONFIG_KEY_SHA256, digest, NULL,
           "The SHA-256 of the key, 64 hexadecimal digits, for a file without secrets."),
    OF_KEY("plan", CONFIG_KEY_PLAN, plan, NULL, "Which usage plan is for it; needed."),
    OF_KEY("enabled", CONFIG_FLAG, enabled, "true", "Whether it is taken at all."),
};
const size_t config_option_count = sizeof(config_options) / sizeof(config_options[0]);

const struct config_option *config_option_find(const char *section, const char *name)
{
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        if (strcmp(option->section, section) == 0 && strcmp(option->name, name) == 0)
            return option;
    }
    return NULL;
}

/* Decided when the host starts: sockets, threads, and what they were built with. */
static const char *const fixed[][2] = {
    { "listen", "host" },     { "listen", "port" },
    { "", "workers" },        { "", "profile" },
    { "tls", "cert" },        { "tls", "key" },
    { "tls", "client" },      { "tls", "client_ca" },
    { "store", "kind" },      { "store", "url" },
    { "store", "prefix" },    { "store", "timeout_ms" },
    { "store", "cluster" },   { "store", "lease_ms" },
    { "management", "mode" }, { "management", "host" },
    { "management", "port" }, { "", "static" },
    { "log", "format" },      { "limits", "mailbox_bytes" },
};

bool config_option_is_fixed(const struct config_option *option)
{
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (strcmp(option->section, fixed[i][0]) == 0 &&
            strcmp(option->name, fixed[i][1]) == 0)
            return true;
    }
    return false;
}

bool config_option_has_default(const struct config_option *option)
{
    return option->type <= CONFIG_TEXT;
}

const char *config_option_default(const struct config_option *option,
                                  enum config_profile profile, char out[64])
{
    uint64_t preset = option->preset[profile];
    const char *text = "";
    if (option->type == CONFIG_ROUTE)
        text = CONFIG_ROUTE_DEFAULT;
    else if (option->type == CONFIG_API_ID)
        text = CONFIG_API_ID_DEFAULT;
    else if (option->type == CONFIG_OPTIONS)
        text = "{}";
    else if (option->type == CONFIG_CHOICE)
        text = option->choices[preset];
    else if (option->preset_text && !preset)
        text = option->preset_text;
    if (option->type == CONFIG_NUMBER && !*text)
        snprintf(out, 64, "%" PRIu64, preset);
    else
        snprintf(out, 64, "%s", text);
    return out;
}

const char *config_option_values(const struct config_option *option, char out[128])
{
    static const char *const shapes[] = {
        [CONFIG_TEXT] = "text",
        [CONFIG_FILE] = "file",
        [CONFIG_SECTION] = "object",
        [CONFIG_STAGES] = "object of stages",
        [CONFIG_STATICS] = "object",
        [CONFIG_ROUTE] = "expression",
        [CONFIG_PLUGINS] = "array",
        [CONFIG_OPTIONS] = "object",
        [CONFIG_RENAMES] = "object",
        [CONFIG_API_ID] = "text",
        [CONFIG_VARIABLES] = "object",
        [CONFIG_DOMAINS] = "object",
        [CONFIG_PROXIES] = "array",
        [CONFIG_STAGE_LIMITS] = "object",
        [CONFIG_TWO_WAY] = "array, true, false",
        [CONFIG_ORIGINS] = "array",
        [CONFIG_IDENTITY] = "array",
        [CONFIG_MODELS] = "object",
        [CONFIG_RATES] = "object",
        [CONFIG_USAGE_PLANS] = "object",
        [CONFIG_API_KEYS] = "object",
        [CONFIG_STAGE_PLANS] = "array",
        [CONFIG_RATE] = "text",
        [CONFIG_FLAG] = "true, false",
        [CONFIG_KEY_VALUE] = "text",
        [CONFIG_KEY_SHA256] = "text",
        [CONFIG_KEY_PLAN] = "text",
        [CONFIG_ACCESS_KEYS] = "object",
        [CONFIG_TOKENS] = "array",
    };
    if (option->type == CONFIG_OVERRIDE)
        option = config_option_find("limits", option->name);
    if (option->type == CONFIG_NUMBER || option->type == CONFIG_COUNT) {
        snprintf(out, 128, "%" PRIu64 " .. %" PRIu64, option->low, option->high);
        return out;
    }
    if (!option->choices) {
        snprintf(out, 128, "%s", shapes[option->type]);
        return out;
    }
    size_t len = 0;
    for (const char *const *word = option->choices; *word; word++)
        len += (size_t)snprintf(out + len, 128 - len, "%s%s", len ? ", " : "", *word);
    return out;
}

/* How many characters must be changed, added or dropped (Levenshtein). */
static unsigned distance(const char *from, const char *to)
{
    enum { LONGEST = 32 };
    unsigned row[LONGEST + 1];
    size_t from_len = strlen(from), to_len = strlen(to);
    if (from_len > LONGEST || to_len > LONGEST)
        return LONGEST;
    for (unsigned i = 0; i <= to_len; i++)
        row[i] = i;
    for (size_t f = 0; f < from_len; f++) {
        unsigned diagonal = row[0]++;
        for (size_t t = 0; t < to_len; t++) {
            unsigned changed = diagonal + (from[f] != to[t]);
            diagonal = row[t + 1];
            unsigned moved = 1 + (row[t] < diagonal ? row[t] : diagonal);
            row[t + 1] = changed < moved ? changed : moved;
        }
    }
    return row[to_len];
}

/* A key that is right but in the wrong place is closer than any mistyped one. */
const char *config_option_suggest(const char *section, const char *name, char out[64])
{
    unsigned closest = (unsigned)strlen(name) / 3 + 2;
    *out = '\0';
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        if (strcmp(option->section, section) == 0) {
            unsigned far = distance(name, option->name);
            if (far < closest) {
                closest = far;
                snprintf(out, 64, "%s", option->name);
            }
        } else if (closest && strcmp(option->name, name) == 0) {
            closest = 0;
            snprintf(out, 64, "%s%s%s", option->section, *option->section ? "." : "", name);
        }
    }
    return out;
}
