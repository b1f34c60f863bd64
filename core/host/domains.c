/* A table of hosts, each with a list of base paths. The lists are short, and looked through
 * once per connection. */
#include "core/host/domains.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"

#define HOST_MAX 253

struct mapping {
    jf_bytes path; /* "" is the root's */
    jf_bytes stage;
};

struct domain {
    char *texts; /* what the others view */
    jf_bytes host;
    size_t count;
    struct mapping mappings[];
};

static size_t texts_size(const struct config_domain *config)
{
    size_t size = strlen(config->host);
    for (size_t i = 0; i < config->mapping_count; i++)
        size += strlen(config->mappings[i].path) + strlen(config->mappings[i].stage);
    return size;
}

static struct domain *domain_new(const struct config_domain *config)
{
    size_t count = config->mapping_count;
    struct domain *domain = xalloc(sizeof(*domain) + count * sizeof(domain->mappings[0]));
    char *at = domain->texts = xalloc(texts_size(config));
    domain->host = bytes_keep(jf_str(config->host), &at);
    domain->count = count;
    for (size_t i = 0; i < count; i++) {
        domain->mappings[i].path = bytes_keep(jf_str(config->mappings[i].path), &at);
        domain->mappings[i].stage = bytes_keep(jf_str(config->mappings[i].stage), &at);
    }
    return domain;
}

void domains_init(struct domains *domains, const struct config *config)
{
    table_init(&domains->by_host);
    for (size_t i = 0; i < config->domain_count; i++) {
        struct domain *domain = domain_new(&config->domains[i]);
        table_put(&domains->by_host, domain->host, domain);
    }
}

void domains_free(struct domains *domains)
{
    void *value;
    for (size_t at = 0; table_next(&domains->by_host, &at, &value);) {
        struct domain *domain = value;
        free(domain->texts);
        free(domain);
    }
    table_fini(&domains->by_host);
}

/* "Chat.Example.com.:8080" to "chat.example.com", "[::1]:8080" to "[::1]". */
static jf_bytes host_of(jf_bytes authority, char out[HOST_MAX])
{
    bool bracketed = authority.len && authority.ptr[0] == '[';
    size_t len = bytes_find(authority, bracketed ? ']' : ':');
    if (bracketed)
        len += len < authority.len;
    else if (len && authority.ptr[len - 1] == '.')
        len--; /* the root of the DNS, said explicitly */
    if (len > HOST_MAX)
        return jf_view(NULL, 0);
    for (size_t i = 0; i < len; i++)
        out[i] = bytes_lower_char(authority.ptr[i]);
    return jf_view(out, len);
}

static bool begins(jf_bytes path, jf_bytes base)
{
    if (path.len < base.len || (base.len && memcmp(path.ptr, base.ptr, base.len) != 0))
        return false;
    return path.len == base.len || path.ptr[base.len] == '/';
}

bool domains_find(const struct domains *domains, jf_bytes authority, jf_bytes path,
                  jf_bytes *stage, jf_bytes *rest)
{
    char text[HOST_MAX];
    const struct mapping *best = NULL;
    const struct domain *domain =
        domains->by_host.count ? table_find(&domains->by_host, host_of(authority, text))
                               : NULL;
    if (!domain)
        return false;
    for (size_t i = 0; i < domain->count; i++) {
        const struct mapping *mapping = &domain->mappings[i];
        if (begins(path, mapping->path) && (!best || mapping->path.len > best->path.len))
            best = mapping;
    }
    *stage = best ? best->stage : jf_view(NULL, 0);
    *rest = best ? bytes_from(path, best->path.len) : path;
    return true;
}
