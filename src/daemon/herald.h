/* herald.h - carries alarms out of the house: by webhook and by mail, on a thread of its own.
 *
 * What comes within a few seconds goes out as one message. What cannot be delivered is tried again
 * a few times, then dropped and counted; alarms stand in the API whatever happens here. */
#ifndef DAEMON_HERALD_H
#define DAEMON_HERALD_H

#include "admin/alarms.h"
#include "proto/conf/conf.h"

struct herald;

enum { HERALD_WAITING_MAX = 256, HERALD_ERROR_MAX = 200 };

struct herald_stats {
	uint32_t targets; /* webhook, mail: 0 to 2 */
	uint64_t sent, failed, dropped; /* messages; failed: tries; dropped: alarms */
	char error[HERALD_ERROR_MAX];	/* words of the last failure */
	bool failing; /* the last try failed, and nothing has arrived everywhere since */
};

/* Starts the thread. ERR_NO_MEMORY, ERR_IO. */
MUST_CHECK enum err herald_new(struct herald **ret, const struct conf_alarms *c);
/* What waits is not waited for. Takes NULL. */
void herald_free(struct herald *h);
/* To whom, from now on; copies. ca_file is not ours to give: the system's authorities count. */
MUST_CHECK enum err herald_set(struct herald *h, const struct conf_alarms *c);
/* From any thread; never blocks for long. */
void herald_tell(void *herald, const struct alarm *x, bool gone);
/* One message to try the addresses, however mild; false: there are none, or too much waits. */
bool herald_test(struct herald *h, int64_t wall_ms);
void herald_stats(struct herald *h, struct herald_stats *ret);

#endif
