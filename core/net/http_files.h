/*
 * http_files - which file a path means, and its media type. [any thread]
 */
#ifndef JF_NET_HTTP_FILES_H
#define JF_NET_HTTP_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct net_static;

/* The regular file for a decoded URL path, "index.html" for a folder, into `file`. False:
 * there is none. A path with a part that begins with a dot finds nothing, and neither does
 * one that leads out of the folder through links. Asks the file system. */
bool http_files_find(const struct net_static *statics, size_t count, const char *path,
                     char file[PATH_MAX]);

/* Is the path below one that is served from files at all? */
bool http_files_cover(const struct net_static *statics, size_t count, const char *path);

/* The media type by the file's extension; "application/octet-stream" if it is unknown. */
const char *http_files_type(const char *file);

#endif
