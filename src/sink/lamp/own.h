/* own.h - private to this folder: the notifier's parts and who calls whom.
 *
 *   machine.c  life, feed, tick, next, drain     serve.c    requests: SUBSCRIBE and what is not
 * served login.c    digest, nonces                    watcher.c  the table of watchers notify.c
 * NOTIFYs and their answers         body.c     the two documents out.c      what leaves, in order
 * view.c     counts and names */
#ifndef SINK_LAMP_OWN_H
#define SINK_LAMP_OWN_H

#include "base/buf.h"
#include "base/map.h"
#include "base/wheel.h"
#include "proto/sip/digest.h"
#include "proto/sip/msg.h"
#include "proto/sip/stream.h"
#include "proto/sip/uri.h"
#include "proto/sip/value.h"
#include "sink/lamp/lamp.h"

enum {
	T1_MS = 500, /* RFC 3261 17.1.2.2 */
	T2_MS = 4000,
	TIMER_F_MS = 64 * T1_MS,
	FAILURES_MAX = 4,
	NONCES_USED = 4096,
	CSEQ_GAP = 64, /* NOTIFYs that an earlier process may have sent since it last saved */
	NOTE_EVERY_MS = 60000,
};

enum field {
	FIELD_CALL_ID,
	FIELD_REMOTE,  /* From of the SUBSCRIBE, with its tag: To of our NOTIFYs */
	FIELD_LOCAL,   /* To of the SUBSCRIBE without a tag */
	FIELD_CONTACT, /* theirs: the request URI */
	FIELD_ROUTE,   /* Record-Route values, joined by commas; empty: none */
	FIELD_EVENT,   /* id of the event, or empty */
	FIELD_PEER,    /* UDP: host that it came from */
	FIELD_OWN,     /* host and port under which they reach us */
	FIELD_ACCOUNT, /* of the login */
	FIELD_COUNT
};
_Static_assert((int)FIELD_COUNT == (int)LAMP_FIELDS, "a record has them all");

enum watcher_flag {
	WATCHER_USED = 1,
	WATCHER_FLYING = 2,    /* a NOTIFY is unanswered */
	WATCHER_DIRTY = 4,     /* another is due */
	WATCHER_ENDING = 8,    /* the next one is the last */
	WATCHER_DETACHED = 16, /* its connection is gone */
	WATCHER_SAVE = 32,     /* is in the outbox */
	WATCHER_QUEUED = 64,   /* waits for its turn to be sent */
	WATCHER_UNSURE = 128,  /* restored: what it was told last is not known for certain */
};

enum ending { END_TIMEOUT, END_NORESOURCE, END_COUNT };

struct watcher {
	uint64_t tag;
	char *text;
	uint16_t at[FIELD_COUNT + 1]; /* where the fields begin in text */
	uint16_t port;
	uint32_t user, prev_of_user, next_of_user, next_queued;
	uint32_t channel;
	uint32_t cseq, remote_cseq, remote_branch;
	uint32_t sent_expires_s;
	int64_t expires_ms;
	int64_t retry_ms;   /* flying: the next copy; otherwise no NOTIFY before */
	int64_t give_up_ms; /* flying: no answer by then */
	uint8_t package, transport, flags, ending;
	uint8_t shown, sent; /* enum lamp: answered for; in the last NOTIFY */
	uint8_t copies, failures;
};

struct conn {
	uint32_t channel;
	uint8_t transport;
	bool open;
	struct lamp_place local, peer;
	struct sip_stream stream;
};

struct nonce_use {
	uint64_t number;
	uint32_t count;
};

struct out_item {
	uint8_t kind, note;
	uint32_t channel, watcher;
	uint32_t at, n; /* in the bytes */
	uint64_t tag;
	struct lamp_place peer;
};

struct lamps {
	struct lamps_config c;
	char realm[128];
	int64_t now_ms;
	struct lamp_login *logins;
	uint32_t logins_n;
	struct map by_login;
	uint64_t nonces;
	struct nonce_use used[NONCES_USED];

	struct watcher *watchers;
	uint32_t high, free, n; /* free: list through next_queued */
	struct map by_tag;
	struct wheel *wheel;
	uint32_t *first_of; /* by user */
	uint8_t *lamps;	    /* by user: enum lamp + 1, 0: not told yet */
	uint32_t queue_head, queue_tail, queue_n;
	int64_t burst_ms;
	uint32_t burst;
	size_t text_bytes;

	struct conn *conns;
	uint32_t conns_n, conns_cap;

	struct out_item *out;
	uint32_t out_at, out_n, out_cap;
	struct buf bytes;
	int64_t noted_ms[LAMP_NOTE_COUNT];

	struct sip_msg msg;
	struct buf scratch, body;
	struct lamps_view stats;
};

#define NOBODY UINT32_MAX

/* ---- machine.c ---- */
struct conn *conn_find(struct lamps *l, uint32_t channel);

/* ---- out.c ---- */
void out_send(struct lamps *l, uint32_t channel, const struct lamp_place *peer, struct slice bytes);
void out_close(struct lamps *l, uint32_t channel);
void out_save(struct lamps *l, uint32_t watcher);
void out_delete(struct lamps *l, uint64_t tag, uint32_t user);
void out_count(struct lamps *l, enum lamp_note n);
/* Counts, and tells people at most once a minute. Control characters become question marks. */
void out_note(struct lamps *l, enum lamp_note n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool out_drain(struct lamps *l, struct lamps_out *ret);

/* ---- watcher.c ---- */
/* A copy of what the fields say, on one line. ERR_LIMIT: longer than LAMP_TEXT_MAX in all. */
MUST_CHECK enum err watcher_set_text(struct lamps *l, struct watcher *w,
				     const struct slice *fields);
struct slice watcher_text(const struct watcher *w, enum field f);
struct watcher *watcher_find(struct lamps *l, uint64_t tag);
/* ERR_LIMIT: no room, or the texts are too long. */
MUST_CHECK enum err watcher_new(struct lamps *l, uint64_t tag, const struct slice *fields,
				struct watcher **ret);
void watcher_free(struct lamps *l, struct watcher *w);
void watcher_join(struct lamps *l, struct watcher *w, uint32_t user);
void watcher_leave(struct lamps *l, struct watcher *w);
uint32_t watcher_id(const struct lamps *l, const struct watcher *w);
void watcher_record(const struct watcher *w, struct lamp_record *ret);

/* ---- login.c ---- */
enum login { LOGIN_OK, LOGIN_NONE, LOGIN_STALE, LOGIN_WRONG };
/* Who signed the request; *ret_account is the login's. */
enum login login_check(struct lamps *l, const struct sip_msg *m, struct slice *ret_account);
void login_put_challenge(struct lamps *l, struct buf *b, bool stale);
void login_free_list(struct lamps *l);

/* ---- serve.c ---- */
/* One message that came over conn from peer. False when a stream cannot go on. */
bool serve_message(struct lamps *l, const struct conn *from, const struct lamp_place *peer,
		   struct slice bytes);

/* Whom a URI names, for a login's account; ID_NONE: nobody. */
uint32_t serve_person(const struct lamps *l, struct slice uri, struct slice account);

/* ---- notify.c ---- */
/* The watcher is to be told how things stand, changed or not. */
void notify_ask(struct lamps *l, struct watcher *w);
void notify_end(struct lamps *l, struct watcher *w, enum ending why);
/* The lamp has changed, or may have. */
void notify_changed(struct lamps *l, struct watcher *w);
/* Its connection is gone. */
void notify_detach(struct lamps *l, struct watcher *w);
void notify_answer(struct lamps *l, const struct sip_msg *m);
/* A deadline of the watcher has come. */
void notify_due(struct lamps *l, struct watcher *w);
/* Sends what waits, as far as the burst goes. */
void notify_pump(struct lamps *l);
int64_t notify_next(const struct lamps *l);
/* Sets the watcher's deadline. */
void notify_plan(struct lamps *l, struct watcher *w);

/* ---- body.c ---- */
const char *body_type(enum lamp_package p);
void body_put(struct buf *b, enum lamp_package p, struct slice entity, enum lamp lamp,
	      uint32_t version);

#endif
