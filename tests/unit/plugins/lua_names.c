/* What the API's table holds, a name per line: documents and annotations are checked
 * against it. */
#include <stdio.h>

#include "plugins/lua/lua_api.h"

int main(void)
{
    for (const struct lua_binding *row = lua_api_bindings; row->name; row++)
        puts(row->name);
    return 0;
}
