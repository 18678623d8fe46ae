/* agent.h - private to this folder: the SIP event agent's parts and who calls whom.
 *
 * One agent is one connector: one connection to one PBX, the lines and lists it watches, and their
 * subscriptions. The parts, from the wire upwards:
 *   link.c     the connection: connect, back off, up, down, liveness, the listener
 *   request.c  writes our requests        txn.c   non-INVITE client transactions (RFC 3261 17.1.2)
 *   auth.c     digest log-in              dialog.c  what identifies a subscription's dialog
 *   sub.c      one subscription           watch.c  one line or list that wants a subscription
 *   lines.c    finds lines by id and by URI
 *   inbound.c  takes messages apart       notify.c NOTIFY: match, order, answer
 *   report.c   bodies into obs            list.c   RFC 4662 lists
 *   package.c  the package that a line is watched in
 *   side.c     a line's further subscriptions and what they say: profile, features
 *   publish.c  the profile as we publish it (publish.h)
 *   probe.c    a person asks whether the PBX answers
 *   agent.c, view.c  the vtable
 *
 * A watch lives as long as its line is configured and owns the policy of trying again; a sub is one
 * subscription with one Call-ID. While a watch is renewed it has two: `sub`, which still reports,
 * and `fresh`, which takes its place with its first NOTIFY.
 *
 * A line has its main watch, in the connector's package or the one that `packages` names for it, and
 * where that one cannot tell all that is asked, side watches: package presence for the profile beside
 * calls by `dialog`, as-feature-event for DND and forwarding. They are watches like others, but no line
 * is lost or live by them. */
#ifndef SOURCE_SIP_AGENT_H
#define SOURCE_SIP_AGENT_H

#include "base/buf.h"
#include "base/map.h"
#include "base/prng.h"
#include "base/secret.h"
#include "base/sm.h"
#include "base/wheel.h"
#include "proto/sip/digest.h"
#include "proto/sip/msg.h"
#include "proto/sip/package.h"
#include "proto/sip/stream.h"
#include "proto/sip/uri.h"
#include "proto/sip/value.h"
#include "proto/xml/rlmi.h"
#include "proto/xml/xml.h"
#include "source/back_off.h"
#include "source/outbox.h"
#include "source/sip/queue.h"

enum {
	T1_MS = 500, /* RFC 3261 17.1.2.2 */
	T2_MS = 4000,
	TIMER_F_MS = 64 * T1_MS,
	OPTIONS_MS = 20000,  /* an OPTIONS unanswered for so long */
	IDLE_MS = 30000,     /* nothing heard for so long: ask */
	KNOWN_MS = 300000,   /* no word of any subscription for so long: ask for one */
	DOUBT_GAP_MS = 60000, /* between two rounds of asking for all of them */
	OVERTAKEN_MS = 1000, /* a lower CSeq later than this is a PBX that went back */
	LEAVE_MS = 2 * TIMER_F_MS,
	SLOW_MS = 10 * 60 * 1000, /* refused lines and lists */
	LOGIN_SLOW_MS = 5 * 60 * 1000,
	LIST_SLOW_MS = 60 * 60 * 1000, /* a list that was too large */
	RETRY_MAX_MS = 10 * 60 * 1000,
	HOLD_MAX_MS = 60 * 60 * 1000,
	RENEW_GAP_MS = 10 * 1000, /* between two renewals of one watch */
	LISTEN_RETRY_MS = 30 * 1000,
	STUCK_MS = 500,
	BRANCHES = 4,
	FORKS_MAX = 3,
	ACCEPTED_MAX = 16,
	LOGIN_TRIES = 2,
	AUTH_ROUNDS = 5,
	ROUTES_MAX = 8,
	DIALOG_TEXT_MAX = 640,
	CHANNEL_ID_MAX = 0x40000000, /* ids of accepted channels, given by the shell, start here */
};

/* ---- parts ---- */

/* Event packages: RFC 4235, RFC 3856, BroadWorks. */
enum package { PACKAGE_DIALOG, PACKAGE_PRESENCE, PACKAGE_FEATURES, PACKAGE_COUNT };

/* Of `packages`. */
struct package_row {
	char *text;
	struct sip_package_row is; /* within text */
};

enum sub_state { SUB_FREE, SUB_ASKING, SUB_SILENT, SUB_LIVE, SUB_LEAVING, SUB_STATES };

/* Strings of a dialog in one block: aor, tag, target and route set, each zero-ended. */
struct dialog {
	char *text;
	uint16_t tag, target, route; /* offsets; the AOR stands at 0 */
};

struct sub {
	struct dialog dialog;
	uint64_t call, tag; /* Call-ID and own tag, in hex on the wire */
	int64_t sent_ms;    /* the last SUBSCRIBE */
	int64_t expires_ms;
	int64_t notified_ms;
	uint32_t watch; /* NONE while leaving */
	uint32_t txn;	/* index, NONE: nothing in flight */
	uint32_t cseq;
	uint32_t remote_cseq;
	uint32_t branch[BRANCHES]; /* of the last NOTIFYs, hashed, and what they were answered */
	uint16_t answer[BRANCHES];
	uint32_t fork_of, next_fork; /* subs of one SUBSCRIBE that several notifiers answer */
	struct queue_link queued;    /* for a refresh or an unsubscribe */
	uint8_t branch_at, state, event;
	uint8_t failures;   /* refreshes in a row that came to nothing */
	uint8_t raised;	    /* 423s in a row */
	uint8_t call_state; /* enum call_state: busiest reported by this notifier */
	bool notified;	    /* first NOTIFY has come */
	bool unsubscribed;  /* Expires: 0 has been sent */
	bool ended;	    /* leaving: the last NOTIFY has come */
};

/* What a subscription costs, beside 16 bytes a timer and 8 a map slot: within 1 kB. */
_Static_assert(sizeof(struct sub) + DIALOG_TEXT_MAX <= 896, "a sub is small");

enum watch_state {
	WATCH_FREE,
	WATCH_IDLE,   /* waits for the link or for the lists */
	WATCH_QUEUED, /* waits for its turn among the outstanding SUBSCRIBEs */
	WATCH_ASKING,
	WATCH_LIVE,
	WATCH_WAITING, /* backs off */
	WATCH_REFUSED, /* backs off for long */
	WATCH_LISTED,  /* a list reports it */
	WATCH_STATES
};

enum why {
	WHY_NONE,
	WHY_LINK,
	WHY_LISTS,
	WHY_STATUS,
	WHY_TIMED_OUT,
	WHY_SILENT,
	WHY_ENDED,
	WHY_BODY,
	WHY_BUSY_PBX,
	WHY_TOO_LARGE,
	WHY_COUNT
};

struct watch {
	char *name; /* number, or a list's URI */
	int64_t report_ms, renewed_ms;
	uint32_t id; /* the engine's line, ID_NONE for a list */
	uint32_t sub, fresh;
	uint32_t same_user; /* next line whose number has the same user part */
	uint32_t main;	    /* of a side watch, else NONE */
	uint32_t side[PACKAGE_COUNT]; /* of a line: its side watches by package, NONE: none */
	uint32_t pub;	    /* of a line: its publication, NONE: none */
	uint32_t lamp_pub;  /* the same of its user's lamp */
	/* a listed line: which list, and its neighbours there; a list: list_next is its first line */
	uint32_t list, list_prev, list_next;
	uint32_t stamp;	    /* of the list document that named it last */
	uint32_t version;   /* of the last document */
	uint32_t expires_s; /* asked; raised by 423 */
	struct queue_link queued;
	uint16_t status;
	uint8_t state, why, tries;
	uint8_t event;	    /* enum package */
	uint8_t own, others; /* enum pidf_stand: what we, and others, stated last in its documents */
	uint8_t dnd_wish;   /* features: to be sent, enum dnd_wish */
	uint8_t call_state; /* enum call_state, reported last as the busiest */
	bool is_list, settled;
	bool has_version;
	bool synced; /* a FULL report stands */
	bool probed; /* asked for by a person, no answer yet */
	bool own_last; /* the last statement was ours */
	bool dnd, dnd_ours; /* features: it is on; we have switched it on */
	bool lit;	    /* the lamp of the line's user */
};

enum dnd_wish { DND_WISH_NONE, DND_WISH_OFF, DND_WISH_ON };

enum txn_kind { TXN_SUBSCRIBE, TXN_OPTIONS, TXN_PUBLISH };

struct txn {
	struct buf bytes; /* UDP: for retransmission */
	uint64_t branch;
	int64_t start_ms, next_ms, interval_ms;
	uint32_t of; /* sub or publication */
	uint32_t cseq;
	uint8_t kind, rounds;
	uint8_t dnd_wish; /* carried along */
	bool used, proceeding;
	bool sent_auth[2],
		answered[2]; /* by www, proxy: carried credentials; for a fresh challenge */
};

struct auth_slot {
	bool set, fresh; /* fresh: not yet used */
	uint8_t algorithm;
	bool qop_auth, has_opaque;
	uint32_t nc;
	char realm[SIP_REALM_MAX + 1], nonce[SIP_NONCE_MAX + 1], opaque[SIP_OPAQUE_MAX + 1];
};

enum link_state { LINK_WAITING, LINK_CONNECTING, LINK_OPEN, LINK_UP, LINK_STATES };

struct accepted {
	bool used;
	uint32_t channel;
	struct address local, peer;
	struct sip_stream stream;
};

struct link {
	uint8_t state;
	struct back_off back_off;
	bool told_down; /* of this outage */
	uint8_t probed; /* enum source_probe */
	char lost[80]; /* why the last attempt or connection ended; empty while it stands */
	bool deaf;	/* does not answer OPTIONS, yet other requests */
	bool hears_options;
	uint32_t channel, next_channel;
	struct address local, peer;
	struct sip_stream stream;
	int64_t heard_ms, up_ms;
	int64_t known_ms;   /* a NOTIFY was taken, or a refresh granted */
	int64_t doubted_ms; /* all subscriptions were asked for */
	uint32_t probe;	    /* the sub asked for last */
	uint32_t options_txn;
	uint64_t options_call, options_tag;
	uint32_t options_cseq;
	bool listens, listening;
	uint8_t listen_transport;
	uint32_t listen_channel;
	char listen_host[SOURCE_HOST_MAX];
	uint16_t listen_port; /* the real one once bound */
	struct accepted accepted[ACCEPTED_MAX];
};

/* Where a request came from. */
struct via_channel {
	uint32_t channel;
	uint8_t transport;
	struct address peer;
};

struct sip_agent {
	/* settings */
	uint32_t connector;
	uint16_t account;
	char host[SOURCE_HOST_MAX];
	uint16_t port;
	uint8_t transport;
	bool open_transport; /* server names neither transport nor port: DNS says it, at each connecting */
	bool sips, reads_profile, writes_profile, features, lamps;
	uint8_t event;	    /* lists' and, but for the rows, lines' main one */
	struct package_row *rows;
	uint32_t rows_n;
	uint8_t dnd_while;  /* bits by enum profile */
	char username[SOURCE_NAME_MAX];
	struct secret password;
	uint32_t expires_s, outstanding_max;
	int32_t first_notify_ms;
	uint64_t seed;

	int64_t now_ms;
	struct prng prng;
	uint64_t tokens;
	struct outbox out;
	struct buf scratch; /* the message being written */
	struct sip_msg msg; /* the message being read */
	struct xml_reader *xml;
	struct rlmi *rlmi; /* MULTIPART_DEPTH_MAX of them, when lists are configured */
	struct wheel *wheel;

	struct link link;
	struct auth_slot auth[2]; /* www, proxy */
	uint8_t refusals;	  /* log-ins refused in a row */
	bool probing;		  /* one SUBSCRIBE at a time until the PBX has taken one */
	int64_t hold_ms;	  /* no new requests before; 0: none */
	bool hold_login;
	bool stuck; /* no sub or transaction was free: the pump rests until TIMER_STUCK */

	struct txn *txns;
	uint32_t txns_n, outstanding;
	struct sub *subs;
	uint32_t subs_n, subs_spare; /* free list through next_fork */
	struct pub *pubs; /* publish.h; none unless the profile is written */
	uint32_t pubs_n, pubs_spare;
	char own_id[32]; /* of tuples that we publish */
	uint16_t publish_refused;	   /* status of the last one, 0: none */
	uint16_t event_refused[PACKAGE_COUNT]; /* the same for side watches */
	struct watch *watches;					/* lists first */
	uint32_t watches_n, lists_n, lines_used, watches_spare; /* free list through same_user */
	uint32_t lists_pending;
	uint32_t list_stamp;
	uint32_t state_count[WATCH_STATES]; /* lines only */
	struct queue sub_queue, watch_queue, pub_queue;
	bool pub_turn;
	struct map by_call; /* Call-ID -> sub */
	struct map by_id;   /* engine's line -> watch */
	struct map by_user; /* user part -> first watch with it */

	uint64_t received;
};

/* ---- wheel ids ---- */
enum { TIMER_LINK, TIMER_IDLE, TIMER_HOLD, TIMER_LISTEN, TIMER_STUCK, TIMERS };
static inline uint32_t wheel_sub(const struct sip_agent *a, uint32_t i)
{
	(void)a;
	return i;
}
static inline uint32_t wheel_watch(const struct sip_agent *a, uint32_t i)
{
	return a->subs_n + i;
}
static inline uint32_t wheel_txn(const struct sip_agent *a, uint32_t i)
{
	return a->subs_n + a->watches_n + i;
}
static inline uint32_t wheel_pub(const struct sip_agent *a, uint32_t i)
{
	return a->subs_n + a->watches_n + a->txns_n + i;
}
static inline uint32_t wheel_timer(const struct sip_agent *a, uint32_t i)
{
	return a->subs_n + a->watches_n + a->txns_n + a->pubs_n + i;
}
/* No list and no side watch. */
static inline bool watch_is_line(const struct watch *x)
{
	return !x->is_list && x->main == NONE;
}

/* ---- agent.c ---- */
uint64_t agent_token(struct sip_agent *a);
/* 16 hex digits, as our Call-IDs, tags and branches are written. */
bool agent_hex(struct slice text, uint64_t *ret);
/* ms, less up to a half by chance */
int64_t agent_jitter(struct sip_agent *a, int64_t ms);
/* Starts what may start: refreshes first, then new subscriptions. */
void agent_pump(struct sip_agent *a);

/* ---- link.c ---- */
void link_start(struct sip_agent *a);
void link_timer(struct sip_agent *a);
void link_idle(struct sip_agent *a);
void link_listen(struct sip_agent *a);
void link_feed(struct sip_agent *a, const struct source_feed *in);
bool link_ready(const struct sip_agent *a);
/* A useful answer has come: the PBX is there. */
void link_answered(struct sip_agent *a);
/* Closes the channel, forgets all subscriptions, backs off. */
void link_lost(struct sip_agent *a, bool close, enum note n, const char *why);
void link_options_done(struct sip_agent *a, uint16_t status);
/* The PBX knows a subscription of ours. */
void link_known(struct sip_agent *a);
/* It has forgotten one without a word: it may have been started anew, and forgotten all. */
void link_doubt(struct sip_agent *a);
void link_fini(struct sip_agent *a);

/* ---- probe.c ---- */
void probe_start(struct sip_agent *a);
void probe_link_answered(struct sip_agent *a);
void probe_link_lost(struct sip_agent *a);
/* A NOTIFY was taken or a refresh granted; w NONE: of none. */
void probe_watch_answered(struct sip_agent *a, uint32_t w);
uint8_t probe_of_line(const struct sip_agent *a, const struct watch *x);

/* ---- inbound.c ---- */
/* False: above a limit; a stream is then closed. */
bool inbound_message(struct sip_agent *a, const struct via_channel *from, struct slice bytes);
/* Takes stream bytes; false: the stream is broken and must be closed. */
bool inbound_stream(struct sip_agent *a, const struct via_channel *from, struct sip_stream *stream,
		    struct slice bytes);
/* extra: whole header lines, or NULL. */
void inbound_answer(struct sip_agent *a, const struct via_channel *from, const struct sip_msg *m,
		    uint16_t status, const char *reason, const char *extra);

/* ---- notify.c ---- */
void notify_take(struct sip_agent *a, const struct via_channel *from, const struct sip_msg *m);

/* ---- request.c ---- */
void request_write(struct sip_agent *a, struct txn *t);
/* sip:number@host of a line, or a list's own URI. */
void request_put_aor(const struct sip_agent *a, const struct watch *w, struct buf *b);

/* ---- txn.c ---- */
/* False when no transaction is free. */
bool txn_start(struct sip_agent *a, enum txn_kind kind, uint32_t of);
void txn_due(struct sip_agent *a, uint32_t i);
void txn_response(struct sip_agent *a, const struct sip_msg *m);
void txn_drop(struct sip_agent *a, uint32_t i);

/* ---- auth.c ---- */
enum auth_verdict { AUTH_RETRY, AUTH_REFUSED };
enum auth_verdict auth_challenged(struct sip_agent *a, struct txn *t, const struct sip_msg *m,
				  const char **ret_why);
/* Authorization headers for a request to uri, as far as there is a challenge to answer. */
void auth_put(struct sip_agent *a, struct txn *t, const char *method, struct slice uri,
	      struct buf *b);
/* The PBX took a request with credentials. */
void auth_accepted(struct sip_agent *a);
/* Stops all log-ins for minutes. */
void auth_hold(struct sip_agent *a, const char *why);

/* ---- dialog.c ---- */
MUST_CHECK enum err dialog_set(struct dialog *d, struct slice aor, struct slice tag,
			       struct slice target, struct slice route);
MUST_CHECK enum err dialog_from(struct dialog *d, const struct sip_msg *m);
/* The remote target may move with each message of the dialog (RFC 6665 4.4.1). */
void dialog_retarget(struct dialog *d, const struct sip_msg *m);
void dialog_fini(struct dialog *d);
static inline const char *dialog_aor(const struct dialog *d)
{
	return d->text;
}
static inline const char *dialog_tag(const struct dialog *d)
{
	return d->text + d->tag;
}
static inline const char *dialog_target(const struct dialog *d)
{
	return d->text + d->target;
}
static inline const char *dialog_route(const struct dialog *d)
{
	return d->text + d->route;
}

/* ---- sub.c ---- */
/* NONE when no slot is free. */
uint32_t sub_new(struct sip_agent *a, uint32_t watch);
uint32_t sub_fork(struct sip_agent *a, uint32_t of);
void sub_free(struct sip_agent *a, uint32_t i);
/* Unsubscribes, then forgets. Its watch no longer knows it. */
void sub_leave(struct sip_agent *a, uint32_t i);
void sub_queue(struct sip_agent *a, uint32_t i);
/* Sends what the sub waits to send: refresh or unsubscribe. False: no transaction is free. */
bool sub_send(struct sip_agent *a, uint32_t i);
void sub_due(struct sip_agent *a, uint32_t i);
void sub_answered(struct sip_agent *a, uint32_t i, const struct sip_msg *m);
void sub_timed_out(struct sip_agent *a, uint32_t i);
void sub_expires(struct sip_agent *a, uint32_t i, uint32_t seconds, bool shorten_only);
/* Its first NOTIFY has come. */
void sub_went_live(struct sip_agent *a, uint32_t i);
uint32_t sub_asked(const struct sip_agent *a, const struct sub *s);

/* ---- lines.c ---- */
/* id ID_NONE: a list. ERR_EXISTS, ERR_LIMIT, ERR_MALFORMED. */
MUST_CHECK enum err watch_add(struct sip_agent *a, uint32_t id, struct slice name, uint32_t *ret);
void watch_remove(struct sip_agent *a, uint32_t w);
uint32_t watch_find(const struct sip_agent *a, uint32_t id);
/* The line that a URI names, NONE: not ours. */
uint32_t watch_by_uri(const struct sip_agent *a, struct slice uri);

/* A side watch of a line. ERR_LIMIT, ERR_NO_MEMORY. */
MUST_CHECK enum err watch_add_side(struct sip_agent *a, uint32_t main, enum package event);

/* ---- watch.c ---- */
void watch_move(struct sip_agent *a, uint32_t w, enum watch_state to, enum why why);
void watch_queue(struct sip_agent *a, uint32_t w);
/* Its turn: false when no sub or transaction is free. */
bool watch_start(struct sip_agent *a, uint32_t w);
void watch_due(struct sip_agent *a, uint32_t w);
/* The first NOTIFY of sub i, which is the watch's fresh one. */
void watch_live(struct sip_agent *a, uint32_t i);
/* Sub i came to nothing or has ended: forgotten here; tried again after wait_ms, or, when wait_ms
 * is negative, after a growing time. */
void watch_ended(struct sip_agent *a, uint32_t i, enum watch_state to, enum why why,
		 int64_t wait_ms);
/* A new subscription beside the old one, not too often. */
void watch_renew(struct sip_agent *a, uint32_t w);
/* The link stands: starts lists, or lines. The link is gone: forgets. */
void watch_all_start(struct sip_agent *a);
void watch_all_stop(struct sip_agent *a);
void watch_lost(struct sip_agent *a, uint32_t w);
/* Lets both subscriptions go; no timer is left. */
void watch_drop_subs(struct sip_agent *a, uint32_t w);

/* ---- list.c ---- */
/* What became of it: the status to answer. */
uint16_t list_report(struct sip_agent *a, uint32_t w, const struct sip_msg *m, bool first);
/* The list has reported, or will not: lines in no list may start. */
void list_settle(struct sip_agent *a, uint32_t w);
/* Its lines are subscribed singly from now on. */
void list_release(struct sip_agent *a, uint32_t w);
/* The line is no longer of its list; the caller says what becomes of it. */
void list_leave(struct sip_agent *a, uint32_t line);

/* ---- report.c ---- */
/* One document about one line; s NULL when it came in a list. owner is the watch whose subscription
 * carries it. The status to answer. */
uint16_t report_body(struct sip_agent *a, uint32_t line, uint32_t owner, struct sub *s,
		     struct slice type, struct slice body, bool first);
void report_forks(struct sip_agent *a, uint32_t line, uint32_t primary);
void report_flag(struct sip_agent *a, uint32_t line, enum obs_kind kind, bool on);
uint16_t report_unreadable(struct sip_agent *a, uint32_t line, enum err e, const char *what);

/* ---- package.c ---- */
struct conf_texts;
/* ERR_MALFORMED, ERR_NO_MEMORY */
MUST_CHECK enum err package_init(struct sip_agent *a, const struct conf_texts *rows);
void package_fini(struct sip_agent *a);
/* A line's main one. */
enum package package_of(const struct sip_agent *a, struct slice number);
/* Is any line watched by it, as its main one or beside it? */
bool package_asked(const struct sip_agent *a, enum package event);
/* The most watches that a line can have. */
uint32_t package_watches(const struct sip_agent *a);

/* ---- side.c ---- */
struct pidf;
/* Which packages beside its main one a line is watched by. */
bool side_wanted(const struct sip_agent *a, enum package main, enum package event);
/* What a PIDF document says of the user; first: of its subscription. */
void side_profile(struct sip_agent *a, uint32_t watch, const struct pidf *p, bool first);
/* The PBX holds no document. */
void side_no_profile(struct sip_agent *a, uint32_t watch, bool first);
uint16_t side_report(struct sip_agent *a, uint32_t watch, struct slice type, struct slice body,
		     bool first);
/* A profile is being written to the line: does DND go with it? */
void side_dnd(struct sip_agent *a, uint32_t line, const struct profile_write *w);
/* What became of a SUBSCRIBE that carried a wish; status 0: no answer. */
void side_dnd_sent(struct sip_agent *a, uint32_t watch, enum dnd_wish wish, uint16_t status);
const char *event_name(enum package event);

#endif
