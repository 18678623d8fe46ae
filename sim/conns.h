/* conns.h - the connections of a simulated PBX that speaks over streams, and what goes out over them. */
#ifndef SIM_CONNS_H
#define SIM_CONNS_H

#include "outgo.h"

enum { CONNS = 8, CONN_IN_MAX = 1 << 16 };

struct conn {
	bool used, in, events; /* logged in; events asked for */
	bool told;             /* all that is asked for after a log-in has reached the other side */
	bool challenged, filtered;
	uint32_t channel, challenge;
	struct buf bytes; /* not yet understood */
};

/* Zeroed is empty. */
struct conns {
	struct conn list[CONNS];
	struct outgo out;
	int64_t silent_until_ms; /* nothing leaves before */
	int64_t slow_ms;         /* everything is that late */
};

void conns_fini(struct conns *c);
struct conn *conns_find(struct conns *c, uint32_t channel);
/* A new one; NULL: there are too many, and it is closed. */
struct conn *conns_open(struct conns *c, int64_t now_ms, uint32_t channel);
/* It was closed from the other side: what was to go there goes nowhere. */
void conns_closed(struct conns *c, struct conn *n);
/* What came in: the connection that was opened, or has bytes to be understood; NULL: neither. */
struct conn *conns_feed(struct conns *c, int64_t now_ms, const struct pbx_feed *in);
/* text is taken over. mark: told by conns_take when it leaves. */
void conns_post(struct conns *c, int64_t now_ms, const struct conn *n, struct buf *text, uint8_t mark);
/* Closes it after what was posted. */
void conns_drop(struct conns *c, int64_t now_ms, struct conn *n);
/* at_once: what was posted is lost. */
void conns_drop_all(struct conns *c, int64_t now_ms, bool at_once);
enum { MARK_TOLD = 1 }; /* it makes its connection `told` as it leaves; other marks are the kind's own */
bool conns_take(struct conns *c, int64_t now_ms, struct pbx_out *ret, uint8_t *ret_mark);
/* By the connection that came last: an older one may stand here for long after it is gone there. */
bool conns_told(const struct conns *c);
bool conns_is_last(const struct conns *c, uint32_t channel);

#endif
