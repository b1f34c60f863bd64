/* From paths to files, in a folder made for the purpose and full of traps. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/net/http_files.h"
#include "core/net/server.h"

static char folder[] = "/tmp/jf_files_XXXXXX";
static char site[64], docs[64], secret[64];
static struct net_static mounts[2];
#define BOTH mounts, 2

static void write_file(const char *under, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", under, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(name, file);
    fclose(file);
}

static void make_folder(const char *under, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", under, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void make_link(const char *to, const char *under, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", under, name);
    assert_int_equal(symlink(to, path), 0);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(site, sizeof(site), "%s/site", folder);
    snprintf(docs, sizeof(docs), "%s/docs", folder);
    snprintf(secret, sizeof(secret), "%s/site-secret", folder);
    make_folder(folder, "site");
    make_folder(folder, "docs");
    make_folder(folder, "site-secret"); /* begins with the name of the served one */
    write_file(site, "index.html");
    write_file(site, "app.js");
    write_file(site, ".hidden");
    write_file(site, "two..dots");
    make_folder(site, "empty");
    make_folder(site, "deep");
    make_folder(site, ".git");
    write_file(site, ".git/config");
    write_file(site, "deep/index.html");
    write_file(docs, "index.html");
    write_file(secret, "key.pem");
    make_link("app.js", site, "inside.js");
    make_link("deep", site, "inside");
    make_link(secret, site, "outside");
    make_link("../site-secret/key.pem", site, "stolen.pem");
    make_link("nowhere", site, "dangling");
    make_link("loop", site, "loop");
    mounts[0] = (struct net_static){ "/", site };
    mounts[1] = (struct net_static){ "/docs/", docs };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

static void assert_finds(const char *path, const char *under, const char *name)
{
    char file[PATH_MAX], expected[PATH_MAX];
    snprintf(expected, sizeof(expected), "%s/%s", under, name);
    assert_true(http_files_find(BOTH, path, file));
    assert_string_equal(file, expected);
}

static void assert_finds_nothing(const char *path)
{
    char file[PATH_MAX];
    if (http_files_find(BOTH, path, file))
        fail_msg("%s found %s", path, file);
}

static void a_path_finds_its_file(void **state)
{
    (void)state;
    assert_finds("/app.js", site, "app.js");
    assert_finds("/two..dots", site, "two..dots");
    assert_finds("//app.js", site, "app.js");
    assert_finds_nothing("/app.jsx");
    assert_finds_nothing("/app.js/");
    assert_finds_nothing("/app.js/more");
}

static void a_folder_is_its_index(void **state)
{
    (void)state;
    assert_finds("/", site, "index.html");
    assert_finds("/deep/", site, "deep/index.html");
    assert_finds_nothing("/deep"); /* its relative links would be wrong */
    assert_finds_nothing("/empty/");
    assert_finds_nothing("/empty");
}

static void the_longest_mount_wins(void **state)
{
    (void)state;
    assert_finds("/docs/index.html", docs, "index.html");
    assert_finds("/docs/", docs, "index.html");
    assert_finds("/docs", docs, "index.html");
    assert_finds_nothing("/docs/app.js"); /* the shorter one is not asked */
    assert_finds_nothing("/docsapp.js");
}

static void a_mount_covers_whole_parts_only(void **state)
{
    (void)state;
    const struct net_static *only = &mounts[1];
    assert_true(http_files_cover(only, 1, "/docs"));
    assert_true(http_files_cover(only, 1, "/docs/"));
    assert_true(http_files_cover(only, 1, "/docs/none"));
    assert_false(http_files_cover(only, 1, "/doc"));
    assert_false(http_files_cover(only, 1, "/docsapp"));
    assert_false(http_files_cover(only, 1, "/"));
    assert_false(http_files_cover(only, 1, ""));
    assert_false(http_files_cover(NULL, 0, "/"));
    assert_true(http_files_cover(BOTH, "/anything"));
}

static void dotted_parts_find_nothing(void **state)
{
    (void)state;
    assert_finds_nothing("/.hidden");
    assert_finds_nothing("/.git/config");
    assert_finds_nothing("/deep/../app.js");
    assert_finds_nothing("/../site-secret/key.pem");
    assert_finds_nothing("/..");
    assert_finds_nothing("/.");
    assert_finds_nothing("/docs/../app.js");
    assert_finds_nothing("/deep/./index.html");
}

static void links_are_followed_inside_only(void **state)
{
    (void)state;
    assert_finds("/inside.js", site, "app.js");
    assert_finds("/inside/", site, "deep/index.html");
    assert_finds_nothing("/outside/key.pem");
    assert_finds_nothing("/stolen.pem");
    assert_finds_nothing("/dangling");
    assert_finds_nothing("/loop");
}

static void only_regular_files_are_served(void **state)
{
    (void)state;
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/pipe", site);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_finds_nothing("/pipe");
}

static void a_path_too_long_for_the_system_finds_nothing(void **state)
{
    (void)state;
    char *path = malloc(PATH_MAX * 2);
    memset(path, 'a', PATH_MAX * 2);
    path[0] = '/';
    path[PATH_MAX * 2 - 1] = '\0';
    assert_finds_nothing(path);
    path[PATH_MAX - strlen(site) - 1] = '\0';
    assert_finds_nothing(path);
    path[PATH_MAX - strlen(site) - 2] = '/';
    assert_finds_nothing(path);
    free(path);
}

static void a_served_folder_may_be_a_link_itself(void **state)
{
    (void)state;
    char alias[64], file[PATH_MAX], expected[PATH_MAX];
    snprintf(alias, sizeof(alias), "%s/alias", folder);
    make_link("site", folder, "alias");
    struct net_static mount = { "/", alias };
    snprintf(expected, sizeof(expected), "%s/app.js", site);
    assert_true(http_files_find(&mount, 1, "/app.js", file));
    assert_string_equal(file, expected);
    assert_false(http_files_find(&mount, 1, "/stolen.pem", file));
}

static void the_type_is_told_by_the_extension(void **state)
{
    (void)state;
    assert_string_equal(http_files_type("/a/index.html"), "text/html; charset=utf-8");
    assert_string_equal(http_files_type("/a/LOGO.PNG"), "image/png");
    assert_string_equal(http_files_type("app.min.js"), "text/javascript; charset=utf-8");
    assert_string_equal(http_files_type("site.webmanifest"), "application/manifest+json");
    assert_string_equal(http_files_type("noextension"), "application/octet-stream");
    assert_string_equal(http_files_type("html"), "application/octet-stream");
    assert_string_equal(http_files_type("trailing."), "application/octet-stream");
    assert_string_equal(http_files_type("a.html/file"), "application/octet-stream");
    assert_string_equal(http_files_type(""), "application/octet-stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_finds_its_file),
        cmocka_unit_test(a_folder_is_its_index),
        cmocka_unit_test(the_longest_mount_wins),
        cmocka_unit_test(a_mount_covers_whole_parts_only),
        cmocka_unit_test(dotted_parts_find_nothing),
        cmocka_unit_test(links_are_followed_inside_only),
        cmocka_unit_test(only_regular_files_are_served),
        cmocka_unit_test(a_path_too_long_for_the_system_finds_nothing),
        cmocka_unit_test(a_served_folder_may_be_a_link_itself),
        cmocka_unit_test(the_type_is_told_by_the_extension),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
