/* pbx_own.h - the inside of the simulated PBX, shared by sim/pbx*.c only. */
#ifndef SIM_PBX_OWN_H
#define SIM_PBX_OWN_H

#include "base/buf.h"
#include "base/prng.h"
#include "base/wheel.h"
#include "pbx.h"
#include "proto/sip/msg.h"
#include "proto/sip/stream.h"

#define NONE UINT32_MAX

enum {
	PHONE_CALLS_MAX = 8,    /* of one phone, ended ones that Kamailio still tells of included */
	LISTS_MAX = 16,
	ANSWERS_MAX = 256,      /* remembered for retransmitted requests */
	PUBS_MAX = 512,         /* publications of presence */
	BODY_MAX = 512 * 1024,
	T1_MS = 500,            /* RFC 3261 17.1.2.1 */
	T2_MS = 4000,
	TIMER_F_MS = 64 * T1_MS,
	LINGER_MS = 5000,       /* Kamailio's documents keep an ended dialog for some seconds */
	CONNECT_BASE_SHIFT = 31,
};

enum call_state { CALL_FREE, CALL_TRYING, CALL_RINGING, CALL_TALKING, CALL_ENDED };
enum side { CALLER, CALLEE };

struct call {
	uint8_t state; /* enum call_state */
	bool unanswered, swapped;
	bool held[2];
	uint32_t serial;   /* names the call in documents */
	uint32_t phone[2]; /* PBX_EXTERNAL or an index */
	uint32_t refs;     /* phones that list it */
	/* Fault STUCK: over in truth, but told as talking to subscriptions older than this. 0: none */
	uint64_t ghost[2];
	int64_t ring_ms, talk_ms;
};

struct phone {
	uint8_t state, profile;
	bool registered, dnd, stuck_next;
	bool published; /* Kamailio knows something of it */
	uint64_t profile_order; /* pbx.changes when its user stated it */
	uint8_t calls_n, pubs_n;
	uint32_t calls[PHONE_CALLS_MAX]; /* newest first */
	uint32_t subs;                   /* head of the list through sub.next */
	uint32_t subs_n;
	uint64_t changed;                /* pbx.changes when it last changed */
	uint64_t withheld,
		arrived; /* the last report that is known to be missing, and the last answered */
	int64_t since_ms;
};

struct list {
	char name[32];
	uint32_t first, count, batch_ms;
	bool full_state;
	uint32_t subs;
};

enum package { PACKAGE_DIALOG, PACKAGE_PRESENCE };

struct sub {
	bool used, oversized;
	uint8_t package;     /* enum package */
	uint8_t transport;   /* enum pbx_transport */
	uint8_t told;        /* Asterisk's device state last told */
	uint32_t phone;      /* NONE: a list */
	uint32_t list;       /* NONE: a phone */
	uint32_t next, prev; /* siblings on the same phone or list */
	uint32_t channel;    /* NONE: its stream is gone */
	uint32_t held;       /* transaction that waits to be overtaken, NONE */
	uint32_t cseq, remote_cseq;
	uint32_t version;    /* of the next document */
	uint32_t *versions;  /* a list's: of each member's next document */
	uint64_t serial, seen; /* order of creation; pbx.changes at the last NOTIFY */
	int64_t created_ms, expires_ms, batch_ms;
	struct pbx_address target; /* where NOTIFYs go on UDP and when connecting back */
	char tag[20];
	char *call_id, *remote_tag, *remote_uri, *local_uri, *contact, *event_id;
};

/* A NOTIFY in flight. */
struct txn {
	bool used, held;
	bool unsent; /* waits for its stream */
	bool lies;   /* tells of a call that is over */
	uint32_t phone, list; /* as of its subscription */
	uint64_t order;       /* pbx.reports when it was written */
	uint8_t transport;
	uint32_t sub, channel;
	uint64_t sub_serial, token;
	int64_t deadline_ms, interval_ms, next_ms;
	struct pbx_address peer;
	char *bytes;
	size_t n;
};

struct chan {
	bool used, up;
	uint8_t transport;
	uint32_t id;
	struct pbx_address peer;
	struct sip_stream in;
};

struct answer {
	uint64_t key;
	int64_t until_ms;
	char *bytes;
	size_t n;
};

struct out_item {
	struct pbx_out out;
	char *bytes;
};

struct pub {
	bool used, ended; /* ended: told as closed, for one document */
	uint8_t profile;  /* enum pbx_profile */
	uint32_t phone;
	uint64_t tag, order;
	int64_t expires_ms;
	char id[64]; /* of its tuple */
};

struct pbx {
	struct pbx_config config;
	char host[64], username[128], password[256];
	struct prng rng;
	uint64_t token_seed, tokens, serials, changes, reports;
	struct phone *phones;
	struct call *calls;
	struct sub *subs;
	struct txn *txns;
	struct chan *chans;
	struct list lists[LISTS_MAX];
	uint32_t phones_n, calls_max, subs_max, txns_max, chans_n, lists_n, connects;
	uint32_t call_scan, sub_scan, txn_scan, answer_at, warm_up;
	struct answer answers[ANSWERS_MAX];
	struct pub pubs[PUBS_MAX];
	int pubs_top; /* none is used from here on */
	struct wheel *wheel;
	int64_t now_ms, silent_until_ms, down_until_ms;
	bool waking; /* after a restart that kept subscriptions: tell them all */
	uint32_t fault_left[PBX_FAULT_COUNT], fault_phone[PBX_FAULT_COUNT];
	uint32_t busy_retry_s;
	uint16_t refuse_status;
	struct out_item *out;
	size_t out_at, out_n, out_cap;
	char *drained;
	struct buf msg, body, part;
	struct pbx_counters counters;
};

/* Deadlines live in one wheel: first the calls, then subscriptions, transactions, and two more. */
static inline uint32_t wheel_call(const struct pbx *p, uint32_t i)
{
	(void)p;
	return i;
}
static inline uint32_t wheel_sub(const struct pbx *p, uint32_t i)
{
	return p->calls_max + i;
}
static inline uint32_t wheel_txn(const struct pbx *p, uint32_t i)
{
	return p->calls_max + p->subs_max + i;
}
static inline uint32_t wheel_traffic(const struct pbx *p)
{
	return p->calls_max + p->subs_max + p->txns_max;
}
static inline uint32_t wheel_world(const struct pbx *p)
{
	return wheel_traffic(p) + 1;
}

static inline uint32_t wheel_pubs(const struct pbx *p)
{
	return wheel_world(p) + 1;
}

/* ---- pbx.c ---- */
/* Unguessable to others, the same for the same seed. */
uint64_t pbx_token(struct pbx *p);
bool pbx_deaf(const struct pbx *p);
void pbx_emit(struct pbx *p, uint32_t channel, const struct pbx_address *peer, struct slice bytes);
void pbx_emit_connect(struct pbx *p, uint32_t channel, uint8_t transport,
		      const struct pbx_address *peer);
void pbx_emit_close(struct pbx *p, uint32_t channel);
struct chan *pbx_chan(struct pbx *p, uint32_t id);
struct chan *pbx_chan_add(struct pbx *p, uint32_t id, uint8_t transport,
			  const struct pbx_address *peer);
void pbx_chan_drop(struct pbx *p, struct chan *c);

/* ---- pbx_call.c ---- */
void pbx_call_due(struct pbx *p, uint32_t call);
/* What a subscription is told of one call of a phone; CALL_FREE: nothing. Also the phone's side. */
enum call_state pbx_call_shown(const struct pbx *p, const struct sub *s, uint32_t phone,
			       uint32_t call, enum side *ret_side);
/* Something about the phone has changed. */
void pbx_changed(struct pbx *p, uint32_t phone);
void pbx_calls_end_all(struct pbx *p);
void pbx_ghosts_end(struct pbx *p);
bool pbx_fault_take(struct pbx *p, enum pbx_fault_kind kind, uint32_t phone);

/* ---- pbx_traffic.c ---- */
void pbx_traffic_start(struct pbx *p);
void pbx_traffic_due(struct pbx *p);

/* ---- pbx_auth.c ---- */
/* True when req may pass; otherwise it has been answered. */
bool pbx_auth_pass(struct pbx *p, const struct sip_msg *req, uint32_t channel,
		   const struct pbx_address *peer);

/* ---- pbx_sub.c ---- */
void pbx_request(struct pbx *p, const struct sip_msg *req, uint32_t channel,
		 const struct pbx_address *peer);
void pbx_sub_due(struct pbx *p, uint32_t sub);
void pbx_sub_drop(struct pbx *p, uint32_t sub);
void pbx_subs_of_channel_lost(struct pbx *p, uint32_t channel);
/* Starts an answer in p->msg; the caller adds headers and ends it with pbx_answer_send. */
void pbx_answer_open(struct pbx *p, const struct sip_msg *req, uint16_t status, const char *to_tag,
		     const struct pbx_address *peer);
void pbx_answer_send(struct pbx *p, const struct sip_msg *req, uint32_t channel,
		     const struct pbx_address *peer);

/* The phone that a URI names. */
bool pbx_number_in(struct pbx *p, struct slice uri, uint32_t *ret_phone);

/* ---- pbx_pub.c ---- */
void pbx_publish(struct pbx *p, const struct sip_msg *req, uint32_t channel, const struct pbx_address *peer);
void pbx_pubs_due(struct pbx *p);
/* All are lost; their watchers may be told. */
void pbx_pubs_forget(struct pbx *p, bool tell);
void pbx_pubs_document(const struct pbx *p, struct buf *b, uint32_t phone);
uint8_t pbx_profile_shown(const struct pbx *p, uint32_t phone);

/* ---- pbx_notify.c ---- */
/* reason NULL: active; "": terminated without a reason. */
void pbx_notify(struct pbx *p, uint32_t sub, const char *reason, uint32_t retry_after_s);
/* Something about the phone has changed: tell whom it concerns. */
void pbx_notify_phone(struct pbx *p, uint32_t phone, bool even_unchanged);
void pbx_response(struct pbx *p, const struct sip_msg *m);
void pbx_txn_due(struct pbx *p, uint32_t txn);
void pbx_txn_free(struct pbx *p, uint32_t txn);
/* The report of that order, of a phone or (phone NONE) of a list's phones, never arrives. */
void pbx_mislead(struct pbx *p, uint32_t phone, uint32_t list, uint64_t order);
void pbx_txns_of_channel(struct pbx *p, uint32_t channel, bool up);

/* ---- pbx_body.c ---- */
enum device { DEVICE_IDLE, DEVICE_RINGING, DEVICE_RINGINUSE, DEVICE_INUSE, DEVICE_HELD, DEVICE_AWAY,
	      DEVICE_NEVER_TOLD };
enum device pbx_device(const struct pbx *p, const struct sub *s, uint32_t phone);
/* One phone's document for s; appends to b; false: there is nothing to say (Kamailio). */
bool pbx_document(struct pbx *p, struct buf *b, const struct sub *s, uint32_t phone,
		  uint32_t version);
/* A list NOTIFY: appends the body to b, writes the Content-Type. */
void pbx_list_body(struct pbx *p, struct buf *b, struct sub *s, char *type, size_t cap);
const char *pbx_document_type(const struct sub *s);

#endif
