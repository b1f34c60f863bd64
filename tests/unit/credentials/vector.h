/* A recorded request with its signature, as vectors.py writes them. */
#ifndef JF_TEST_VECTOR_H
#define JF_TEST_VECTOR_H

#define VECTOR_HEADERS 24

struct vector {
    const char *name, *method, *path, *query;
    struct {
        const char *name, *value;
    } headers[VECTOR_HEADERS]; /* up to one without a name */
    const char *body;
};

#endif
