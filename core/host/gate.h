/*
 * gate - what a stage's configuration lets pass, before any handler is troubled.
 *
 * Origins, rates, ceilings, API keys and their quotas, identity sources, models. Who is let
 * pass by a stage that says nothing of these costs a few looks. Each that answers false has
 * told the client, and counted it. [home worker]
 */
#ifndef JF_HOST_GATE_H
#define JF_HOST_GATE_H

#include <stdbool.h>

struct conn;
struct message;
struct route;
struct stage_routes;
struct worker;

/* A client asks to connect; its stage and its facts are known. False: the connection has
 * left what it was in and is refused, and must not be used any more. */
bool gate_upgrade(struct worker *worker, struct conn *conn,
                  const struct stage_routes *routes);

/* Its authorizer has said who it is. False: likewise. */
bool gate_identified(struct worker *worker, struct conn *conn,
                     const struct stage_routes *routes);

/* A message for that route. False: it is refused, the connection perhaps closing. */
bool gate_message(struct worker *worker, struct conn *conn, const struct route *route,
                  const struct message *message);

#endif
