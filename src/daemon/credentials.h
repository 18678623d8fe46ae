/* credentials.h - a client secret or certificate that is replaced in its file is taken without a restart
 * and without a signal.
 *
 * Every few seconds the files of some realms are looked at (stat: place, size, times); one that changed
 * is read, and what is good goes to the realm's Graph machine, which asks for a new token at once. A file
 * that is bad at this moment, such as half written or of a pair of which the other half is still to come,
 * changes nothing: the next change of either file is looked at again. */
#ifndef DAEMON_CREDENTIALS_H
#define DAEMON_CREDENTIALS_H

#include "bridge/bridge.h"
#include "daemon/apply.h"
#include "daemon/log.h"

struct credentials;

MUST_CHECK enum err credentials_new(struct credentials **ret, struct bridge *b, const struct apply *a,
				    struct log *l, uint32_t realms);
void credentials_free(struct credentials *c);
/* Looks when it is time to; returns when that is again. */
int64_t credentials_look(struct credentials *c, int64_t now_ms);

#endif
