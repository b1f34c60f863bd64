/* A script of a few lines in a folder of its own, on the fake host. */
#ifndef JF_TEST_LUA_SCRIPT_H
#define JF_TEST_LUA_SCRIPT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sdk/testing/fake_host.h"

#define SCENE_FILES_MAX 8

struct scene {
    struct fake_host *host;
    char folder[32];
    char files[SCENE_FILES_MAX][64];
    size_t file_count;
};

static inline void scene_init(struct scene *scene, uint32_t workers)
{
    memset(scene, 0, sizeof(*scene));
    strcpy(scene->folder, "/tmp/jf-lua-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    scene->host = fake_host_new(&jf_entry, workers);
}

static inline void scene_file(struct scene *scene, const char *name, const char *text)
{
    char *path = scene->files[scene->file_count];
    bool is_new = true;
    snprintf(path, sizeof(scene->files[0]), "%s/%s", scene->folder, name);
    for (size_t i = 0; i < scene->file_count; i++)
        is_new = is_new && strcmp(path, scene->files[i]) != 0;
    if (is_new)
        assert_true(++scene->file_count <= SCENE_FILES_MAX);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

/* Start with what is in main.lua; `more` is "" or more options, ",\"budget_ms\":5".
 * Without, the budget is one that no sanitizer's slowness uses up. */
static inline int scene_run(struct scene *scene, const char *more)
{
    char options[256];
    snprintf(options, sizeof(options), "{\"script\":\"%s/main.lua\"%s,\"budget_ms\":10000}",
             scene->folder, more);
    return fake_host_start(scene->host, options);
}

static inline void scene_fini(struct scene *scene)
{
    fake_host_free(scene->host);
    while (scene->file_count)
        remove(scene->files[--scene->file_count]);
    rmdir(scene->folder);
}

/* The usual scene: one worker, a script that is good. */
static inline struct fake_host *scene_play(struct scene *scene, const char *script)
{
    scene_init(scene, 1);
    scene_file(scene, "main.lua", script);
    assert_int_equal(scene_run(scene, ""), JF_OK);
    return scene->host;
}

/* Compare what is heard next; `said` is for the message where it differs. */
static inline void scene_hears(struct fake_host *host, jf_conn_id conn, const char *said,
                               const char *expected)
{
    const char *heard = fake_host_hear(host, conn);
    if (!heard || strcmp(heard, expected) != 0)
        fail_msg("%s: %s (status %d)", said, heard ? heard : "nothing",
                 fake_host_status(host, conn));
}

/* Say it, let all happen that is due, and compare what is heard. */
static inline void scene_asks(struct fake_host *host, jf_conn_id conn, const char *route,
                              const char *text, const char *expected)
{
    fake_host_say(host, conn, route, text);
    fake_host_turn(host);
    scene_hears(host, conn, *text ? text : route, expected);
}

/* Say nothing but the route. */
static inline void scene_check(struct fake_host *host, jf_conn_id conn, const char *route,
                               const char *expected)
{
    scene_asks(host, conn, route, "", expected);
}

/* A script that must not start, and what the log says then. */
static inline void scene_refused(const char *script, int status, const char *reason)
{
    struct scene scene;
    scene_init(&scene, 2);
    scene_file(&scene, "main.lua", script);
    int got = scene_run(&scene, ",\"memory_bytes\":1000000");
    if (got != status || !fake_host_logged(scene.host, JF_ERROR, reason))
        fail_msg("%s: %d", script, got);
    scene_fini(&scene);
}

#endif
