/* A script of a few lines in a folder of its own, on the fake host. */
#ifndef JF_TEST_LUA_SCENE_H
#define JF_TEST_LUA_SCENE_H

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

/* Names of folders end with a slash and have no content. */
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

/* Start with what is in main.lua; `more` is "" or more options, ",\"budget_ms\":5". */
static inline int scene_run(struct scene *scene, const char *more)
{
    char options[256];
    snprintf(options, sizeof(options), "{\"script\":\"%s/main.lua\"%s}", scene->folder,
             more);
    return fake_host_start(scene->host, options);
}

static inline void scene_fini(struct scene *scene)
{
    fake_host_free(scene->host);
    while (scene->file_count)
        unlink(scene->files[--scene->file_count]);
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

#endif
