/* clouds.h - the Graph machines' requests as real HTTPS: one client a realm. */
#ifndef DAEMON_CLOUDS_H
#define DAEMON_CLOUDS_H

#include "bridge/bridge.h"
#include "io/loop.h"
#include "proto/conf/conf.h"

struct clouds;

MUST_CHECK enum err clouds_new(struct clouds **ret, struct loop *l, struct bridge *b, uint32_t realms);
void clouds_free(struct clouds *c);
/* Sends; the answer is fed to the bridge in a later turn, or at once when nothing can be sent. The
 * account gives CA and proxy. */
void clouds_send(struct clouds *c, uint32_t realm, const struct conf_account *account,
		 const struct graph_request *r);
/* After a reload: clients whose CA or proxy may have changed are made anew when next used. */
void clouds_renew(struct clouds *c);
/* The realm is used no more: its client goes. False while a request of it is under way: later. */
bool clouds_drop(struct clouds *c, uint32_t realm);

#endif
