/*
 * plugin_file - where a plugin's file is, and whether it is still the one that was read.
 * [main thread]
 */
#ifndef JF_HOST_PLUGIN_FILE_H
#define JF_HOST_PLUGIN_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* A file that is not where the configuration says is looked for by its name in the folders
 * of JACKFIELD_PLUGIN_PATH, then in the installed plugin folder, then in that of the build
 * this program runs from. */
bool plugin_file_find(const char *file, char path[PATH_MAX]);

/* The version of a file, as far as the file system tells; a copy is a value. All zero: the
 * file is not there. Taken before the file is read, so that no change is missed. */
struct file_stamp {
    uint64_t device, inode, size;
    int64_t changed_s, changed_ns;
};

struct file_stamp file_stamp_of(const char *path);
bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b);
bool file_stamp_missing(const struct file_stamp *stamp);

#endif
