/* A host with the plugin, a secret in a file, and a clock that the test sets. */
#ifndef JF_TEST_JWT_SCENE_H
#define JF_TEST_JWT_SCENE_H

#include <stdlib.h>
#include <unistd.h>

#include "plugins/jwt/jwt_plugin.h"
#include "sdk/testing/fake_host.h"
#include "tests/unit/plugins/jwt_forge.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define NEXT_SECRET "fedcba9876543210fedcba9876543210"
#define NOW 1700000000

static int64_t scene_now_s;
static char scene_folder[] = "/tmp/jf-jwt-XXXXXX";
static char scene_file[64];

static inline int64_t scene_clock(void)
{
    return scene_now_s;
}

/* Written aside and renamed, as one should. */
static inline void scene_write(const char *octets)
{
    char aside[80];
    snprintf(aside, sizeof(aside), "%s.new", scene_file);
    FILE *file = fopen(aside, "w");
    assert_non_null(file);
    assert_true(fputs(octets, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(aside, scene_file), 0);
}

static inline int scene_setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(scene_folder));
    snprintf(scene_file, sizeof(scene_file), "%s/key", scene_folder);
    return 0;
}

static inline int scene_teardown(void **state)
{
    (void)state;
    (void)unlink(scene_file);
    return rmdir(scene_folder);
}

/* `more`: further options, each with a comma before it. */
static inline void scene_options(char *text, size_t room, const char *more)
{
    snprintf(text, room, "{\"keys\":{\"file\":\"%s\",\"as\":\"secret\"}%s}", scene_file,
             more);
}

static inline struct fake_host *scene_start(const char *more, uint32_t workers)
{
    char options[1024];
    scene_now_s = NOW;
    scene_write(SECRET);
    scene_options(options, sizeof(options), more);
    struct fake_host *host = fake_host_new(&jf_entry, workers);
    assert_int_equal(fake_host_start(host, options), JF_OK);
    ((struct jwt_plugin *)fake_host_self(host)->state)->now_s = scene_clock;
    return host;
}

/* A good token of SECRET's with these claims, {"sub":"Ann",...}. */
static inline void scene_token_of(char *token, const char *secret, const char *claims)
{
    forge_hmac(token, jf_str(secret), jf_str("{\"alg\":\"HS256\"}"), jf_str(claims));
}

static inline void scene_token(char *token, const char *sub, int64_t exp)
{
    char claims[256];
    snprintf(claims, sizeof(claims), "{\"sub\":\"%s\",\"exp\":%lld}", sub, (long long)exp);
    scene_token_of(token, SECRET, claims);
}

static inline jf_conn_id scene_knock(struct fake_host *host, const char *token,
                                     uint32_t worker)
{
    char header[FORGE_MAX + 64];
    snprintf(header, sizeof(header), "Authorization: Bearer %s", token);
    struct fake_client client = { .headers = header, .worker = worker };
    jf_conn_id conn = fake_host_connect_as(host, &client);
    fake_host_turn(host);
    return conn;
}

static inline jf_conn_id scene_enter(struct fake_host *host, const char *sub, int64_t exp)
{
    char token[FORGE_MAX];
    scene_token(token, sub, exp);
    jf_conn_id conn = scene_knock(host, token, 0);
    assert_int_equal(fake_host_verdict(host, conn).http_status, 101);
    return conn;
}

static inline bool scene_lets_in(struct fake_host *host, const char *token)
{
    jf_conn_id conn = scene_knock(host, token, 0);
    return fake_host_verdict(host, conn).http_status == 101;
}

/* Both clocks go on. */
static inline void scene_advance(struct fake_host *host, int64_t seconds)
{
    for (int64_t i = 0; i < seconds; i++) {
        scene_now_s++;
        fake_host_advance(host, 1000);
    }
}

#endif
