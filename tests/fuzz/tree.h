/* How deep a tree of cJSON's is, for the references that read by it. */
#ifndef JF_FUZZ_TREE_H
#define JF_FUZZ_TREE_H

#include <cjson/cJSON.h>

static inline int tree_depth(const cJSON *tree)
{
    int deepest = 0;
    for (const cJSON *child = tree->child; child; child = child->next) {
        int depth = tree_depth(child);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + (cJSON_IsObject(tree) || cJSON_IsArray(tree));
}

#endif
