/*
 * serve - one gateway on the calling thread, from its start until a signal ends it.
 */
#ifndef JF_HOST_SERVE_H
#define JF_HOST_SERVE_H

#include "core/host/reload.h"
#include "core/parse/config.h"

enum serve_end {
    SERVE_STOPPED,     /* as asked, with nothing left undone */
    SERVE_NOT_STARTED, /* stderr says why */
    SERVE_UNFINISHED   /* events were unfinished at the drain deadline */
};

/* SIGTERM and SIGINT drain; a second one does not wait. SIGHUP reads everything again.
 * [main thread] */
enum serve_end serve(const struct config *config, const struct config_source *source);

#endif
