/* Reads "domains": an object of host to an object of base path to stage. What a base path
 * may be made of is AWS's, in several parts too. */
#include "core/parse/config_domains.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/config_build.h"
#include "core/parse/config_trees.h"

#define DOMAINS_MAX 1000
#define MAPPINGS_MAX 200
#define HOST_MAX 253 /* octets of a name in the DNS */
#define PATH_MAX_LEN 300

/* A name, or an address as a Host header has it; no port. */
static bool is_host(const char *host)
{
    size_t len = strlen(host);
    if (!len || len > HOST_MAX || *host == '.' || strstr(host, ".."))
        return false;
    if (*host == '[')
        return len > 2 && strspn(host + 1, "0123456789abcdefABCDEF:.") == len - 2 &&
               host[len - 1] == ']';
    return host[len - 1] != '.' && strspn(host, READER_LETTERS "0123456789-.") == len;
}

/* "/", or parts that are not empty, not "." and not "..". */
static bool is_base_path(const char *path)
{
    size_t len = strlen(path);
    if (strcmp(path, "/") == 0)
        return true;
    if (len > PATH_MAX_LEN || strspn(path, READER_LETTERS "0123456789$-_.+!*'()/") != len)
        return false;
    for (const char *at = path; *at; at += 1 + strcspn(at + 1, "/")) {
        size_t part = strcspn(at + 1, "/");
        bool dots = part <= 2 && strspn(at + 1, ".") == part;
        if (*at != '/' || !part || dots)
            return false;
    }
    return *path != '\0';
}

static bool read_mapping(struct config_reader *r, const cJSON *node,
                         struct config_domain *domain)
{
    const char *stage = NULL;
    if (!is_base_path(node->string))
        return reader_fail(r, "a base path is \"/\", or parts such as \"/v2\" of letters, "
                              "digits and $-_.+!*'(), up to 300 characters");
    if (!reader_text(r, node, &stage))
        return false;
    if (!tree_is_stage_name(stage))
        return reader_fail(r, "must be the name of a stage: 1 to 128 letters, digits, - "
                              "and _, or \"$default\"");
    if (domain->mapping_count == MAPPINGS_MAX)
        return reader_fail(r, "there are more than %d base paths", MAPPINGS_MAX);
    const char *path = strcmp(node->string, "/") == 0 ? "" : node->string;
    size_t size = (domain->mapping_count + 1) * sizeof(*domain->mappings);
    domain->mappings = xrealloc(domain->mappings, size);
    domain->mappings[domain->mapping_count++] =
        (struct config_mapping){ xdup(jf_str(path)), xdup(jf_str(stage)) };
    return true;
}

static struct config_domain *add_domain(struct config *config, const char *host)
{
    size_t size = (config->domain_count + 1) * sizeof(*config->domains);
    config->domains = xrealloc(config->domains, size);
    struct config_domain *domain = &config->domains[config->domain_count++];
    *domain = (struct config_domain){ .host = xdup(jf_str(host)) };
    for (char *at = domain->host; *at; at++)
        *at = bytes_lower_char(*at);
    return domain;
}

static bool is_known(const struct config *config, const char *host)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        if (bytes_eq_nocase(jf_str(host), config->domains[i].host))
            return true;
    }
    return false;
}

static bool read_domain(struct config_reader *r, const cJSON *node)
{
    const cJSON *child;
    if (!is_host(node->string))
        return reader_fail(r, "must be the name of a host, or its address, without a port");
    if (is_known(r->config, node->string))
        return reader_fail(r, "given twice");
    if (r->config->domain_count == DOMAINS_MAX)
        return reader_fail(r, "there are more than %d domains", DOMAINS_MAX);
    if (!reader_want_object(r, node))
        return false;
    struct config_domain *domain = add_domain(r->config, node->string);
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend(r, child->string);
        if (reader_is_repeated(node, child))
            return reader_fail(r, "given twice");
        if (!read_mapping(r, child, domain))
            return false;
        reader_climb(r, mark);
    }
    return true;
}

bool domains_read(struct config_reader *r, const cJSON *node)
{
    const cJSON *child;
    if (!reader_want_object(r, node))
        return false;
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend(r, child->string);
        if (!read_domain(r, child))
            return false;
        reader_climb(r, mark);
    }
    return true;
}

static bool has_stage(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->stage_count; i++) {
        if (strcmp(config->stages[i].name, name) == 0)
            return true;
    }
    return false;
}

int domains_check(const struct config *config, struct config_error *error)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        const struct config_domain *domain = &config->domains[i];
        for (size_t k = 0; k < domain->mapping_count; k++) {
            const struct config_mapping *mapping = &domain->mappings[k];
            if (!has_stage(config, mapping->stage))
                return config_refuse(error,
                                     "domains[\"%s\"][\"%.64s\"]: there is no stage "
                                     "\"%.64s\"",
                                     domain->host, *mapping->path ? mapping->path : "/",
                                     mapping->stage);
        }
    }
    return JF_OK;
}

void domains_fini(struct config *config)
{
    for (size_t i = 0; i < config->domain_count; i++) {
        struct config_domain *domain = &config->domains[i];
        for (size_t k = 0; k < domain->mapping_count; k++) {
            free(domain->mappings[k].path);
            free(domain->mappings[k].stage);
        }
        free(domain->mappings);
        free(domain->host);
    }
    free(config->domains);
}
