/* A list under a lock; nobody holds it for longer than a link takes. */
#include "http_estate.h"

#include <pthread.h>
#include <stdlib.h>

#include "http_lane.h"

struct bequest {
    struct bequest *next;
    char *route;
    struct http_call *call;
};

struct http_estate {
    pthread_mutex_t lock;
    uint32_t users;
    struct bequest *first;
};

struct http_estate *http_estate_new(void)
{
    struct http_estate *estate = calloc(1, sizeof(*estate));
    if (!estate)
        return NULL;
    pthread_mutex_init(&estate->lock, NULL);
    estate->users = 1;
    return estate;
}

struct http_estate *http_estate_share(struct http_estate *estate)
{
    pthread_mutex_lock(&estate->lock);
    estate->users++;
    pthread_mutex_unlock(&estate->lock);
    return estate;
}

static uint32_t free_estate(struct http_estate *estate)
{
    uint32_t left = 0;
    while (estate->first) {
        char *route = NULL;
        http_call_free(http_estate_take(estate, &route));
        free(route);
        left++;
    }
    pthread_mutex_destroy(&estate->lock);
    free(estate);
    return left;
}

uint32_t http_estate_release(struct http_estate *estate)
{
    if (!estate)
        return 0;
    pthread_mutex_lock(&estate->lock);
    bool last = --estate->users == 0;
    pthread_mutex_unlock(&estate->lock);
    return last ? free_estate(estate) : 0;
}

bool http_estate_has_others(struct http_estate *estate)
{
    pthread_mutex_lock(&estate->lock);
    bool others = estate->users > 1;
    pthread_mutex_unlock(&estate->lock);
    return others;
}

bool http_estate_leave(struct http_estate *estate, const char *route,
                       struct http_call *call)
{
    struct bequest *bequest = calloc(1, sizeof(*bequest));
    char *copy = http_text_copy(jf_str(route));
    pthread_mutex_lock(&estate->lock);
    bool left = bequest && copy && estate->users > 1;
    if (left) {
        *bequest = (struct bequest){ estate->first, copy, call };
        estate->first = bequest;
    }
    pthread_mutex_unlock(&estate->lock);
    if (!left) {
        free(bequest);
        free(copy);
    }
    return left;
}

struct http_call *http_estate_take(struct http_estate *estate, char **route)
{
    pthread_mutex_lock(&estate->lock);
    struct bequest *bequest = estate->first;
    if (bequest)
        estate->first = bequest->next;
    pthread_mutex_unlock(&estate->lock);
    if (!bequest)
        return NULL;
    struct http_call *call = bequest->call;
    *route = bequest->route;
    free(bequest);
    return call;
}
