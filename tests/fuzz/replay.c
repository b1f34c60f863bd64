/* What stands in for libFuzzer in an ordinary build: every file of the folders that are
 * given goes through the target once, so that a corpus is also a test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/check.h"
#include "core/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of its own size, so that a sanitizer sees a read past its end. */
static void replay_file(const char *path, size_t size)
{
    uint8_t *data = xalloc(size ? size : 1);
    FILE *file = fopen(path, "rb");
    CHECK(file);
    CHECK(fread(data, 1, size, file) == size);
    (void)fclose(file);
    (void)puts(path); /* the last one is the culprit */
    (void)fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static int replay_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort), files = 0;
    CHECK(count >= 0);
    for (int i = 0; i < count; i++) {
        struct stat status;
        char path[4096];
        int len = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        CHECK(len > 0 && (size_t)len < sizeof(path));
        CHECK(stat(path, &status) == 0);
        if (S_ISREG(status.st_mode)) {
            replay_file(path, (size_t)status.st_size);
            files++;
        }
        free(entries[i]);
    }
    free(entries);
    return files;
}

int main(int argc, char **argv)
{
    int files = 0;
    for (int i = 1; i < argc; i++)
        files += replay_folder(argv[i]);
    (void)printf("%d files\n", files);
    return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
