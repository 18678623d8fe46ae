/* mivo_own.h - private to sim/mivo*.c */
#ifndef SIM_MIVO_OWN_H
#define SIM_MIVO_OWN_H

#include "base/buf.h"
#include "base/prng.h"
#include "mivo.h"

enum {
	FRAME_MAX = 65535,
	HEAD_BYTES = 8,
	CALLS_MAX = 512,
	PARTIES_MAX = 8,
	DOC_ITEMS = 64,
	TEXT_MAX = 128
};
enum { EVENT_INVOKE = 9999 };

/* ---- calls ---- */

enum conn_state {
	CONN_NULL,
	CONN_INITIATED,
	CONN_ALERTING,
	CONN_CONNECTED,
	CONN_HOLD,
	CONN_FAIL,
	CONN_STATES
};
enum call_phase { CALL_DIALS, CALL_RINGS, CALL_TALKS, CALL_FAILED };

struct party {
	uint32_t phone;	  /* PBX_EXTERNAL: somebody outside */
	uint32_t outside; /* tells them apart */
	uint8_t state;	  /* enum conn_state */
};

struct call {
	bool used, unanswered;
	uint8_t phase; /* enum call_phase */
	uint8_t n;
	uint32_t id;
	struct party party[PARTIES_MAX]; /* the caller first */
	int64_t due_ms, ring_ms, talk_ms;
};

struct phone {
	bool registered, dnd;
	uint8_t profile;  /* enum pbx_profile */
	uint8_t state;	  /* enum pbx_phone_state */
	uint8_t withheld; /* enum topic bits: the last change was not told */
	uint8_t lamp[MIVO_LAMPS_MAX]; /* enum mivo_lamp */
	char forward[32];
	char until[32]; /* when the profile ends, as somebody wrote it */
	int64_t since_ms;
};

/* ---- links ---- */

struct link {
	uint32_t channel;	   /* 0: free */
	bool in_session, checking; /* checking: a SystemStatus is out */
	uint32_t session, check_id;
	int64_t session_end_ms, next_check_ms, check_end_ms;
	struct buf bytes; /* not yet understood */
};

struct monitor {
	bool used;
	uint8_t told; /* enum topic bits: the answers that have left too */
	uint32_t channel, phone, xref;
};

/* What an application is told of, and asks for. */
enum topic {
	TOPIC_CALLS = 1,
	TOPIC_DND = 2,
	TOPIC_PROFILE = 4,
	TOPIC_FORWARD = 8,
	TOPIC_SERVICE = 16
};

struct parcel {
	int64_t at_ms;
	uint32_t channel;
	bool close;
	uint8_t topic; /* the answer about a phone, not 0 */
	uint32_t phone;
	struct buf bytes;
};

struct mivo {
	struct mivo_switches sw;
	struct mivo_counters count;
	uint32_t n, first, calls_per_hour, talk_s, warm_up;
	char username[64], password[64], login_element[64];
	bool session;
	struct prng rng;
	struct phone *phone;
	struct call calls[CALLS_MAX];
	struct link links[MIVO_LINKS_MAX];
	struct monitor monitors[MIVO_MONITORS_MAX];
	uint32_t calls_top, monitors_top; /* none is used from there on */
	uint32_t next_call, next_xref, next_session, next_invoke;
	struct parcel *out;
	size_t out_at, out_n, out_cap;
	int64_t now_ms, silent_until_ms, down_until_ms, traffic_ms;
	uint32_t withhold, twice, wrong_length, refuse_monitors, refuse_logins, refuse_writes;
};

/* ---- mivo_xml.c: a document read into a flat list, and one written ---- */

struct doc_item {
	char name[48];	     /* local name */
	char text[TEXT_MAX]; /* of the element itself, cut at the maximum */
	uint8_t depth;
};

struct doc {
	struct doc_item item[DOC_ITEMS]; /* in the order of the opening tags; the root first */
	uint32_t n;
};

/* ERR_MALFORMED: no XML, a DOCTYPE, too deep. Elements beyond DOC_ITEMS are passed over. */
MUST_CHECK enum err doc_read(struct doc *d, struct slice xml);
const char *doc_root(const struct doc *d);
/* The first element of that name; NULL: none. */
const char *doc_text(const struct doc *d, const char *name);

struct writer {
	struct buf b;
	char prefix[16];
};

/* Opens the document and its root in CSTA's namespace, or in that of sessions. */
void w_begin(struct writer *w, const struct mivo *m, const char *root);
void w_begin_session(struct writer *w, const char *root);
void w_open(struct writer *w, const char *name);
void w_close(struct writer *w, const char *name);
void w_text(struct writer *w, const char *name, const char *text);
void w_empty(struct writer *w, const char *name);
void w_number(struct writer *w, const char *name, uint32_t n);

/* ---- mivo.c ---- */
/* Closes the root, frames it and sends it; the writer is used up. */
void mivo_send(struct mivo *m, struct link *l, struct writer *w, const char *root, uint32_t invoke);
/* The same, as an answer about a phone. */
void mivo_send_about(struct mivo *m, struct link *l, struct writer *w, const char *root,
		     uint32_t invoke, enum topic topic, uint32_t phone);
void mivo_send_bytes(struct mivo *m, struct link *l, struct slice bytes);
void mivo_drop(struct mivo *m, struct link *l);
struct link *mivo_link(struct mivo *m, uint32_t channel);

/* ---- mivo_service.c ---- */
void mivo_serve(struct mivo *m, struct link *l, const struct doc *d, uint32_t invoke);
void mivo_check_link(struct mivo *m, struct link *l); /* a SystemStatus now */
void mivo_end_session(struct mivo *m, struct link *l, const char *reason);
void mivo_stop_monitor(struct mivo *m, struct monitor *o);
const char *mivo_conn_name(uint8_t state);

/* ---- mivo_tell.c ---- */
enum call_event {
	EV_INITIATED,
	EV_ORIGINATED,
	EV_DELIVERED,
	EV_ESTABLISHED,
	EV_HELD,
	EV_RETRIEVED,
	EV_CLEARED,
	EV_CALL_CLEARED,
	EV_FAILED,
	EV_DIVERTED,
	EV_COUNT
};

/* To every monitored phone in the call; subject: whose connection changed. */
void mivo_tell_call(struct mivo *m, const struct call *c, enum call_event ev,
		    const struct party *subject, const char *cause);
/* To one phone only, in whatever state it is in that call. */
void mivo_tell_party(struct mivo *m, const struct call *c, enum call_event ev,
		     const struct party *subject, const struct party *hears, const char *cause);
struct move {
	struct party party;
	uint32_t old_id;
};
/* Two calls have become one. by_state: of the phone that did it, afterwards. */
void mivo_tell_joined(struct mivo *m, bool conference, const struct call *now, uint32_t primary,
		      uint32_t secondary, uint32_t by, const struct move *moves, size_t n);
void mivo_tell_dnd(struct mivo *m, uint32_t phone);
void mivo_tell_forward(struct mivo *m, uint32_t phone);
void mivo_tell_lamp(struct mivo *m, uint32_t phone, uint32_t lamp);
void mivo_tell_profile(struct mivo *m, uint32_t phone);
void mivo_tell_profile_to(struct mivo *m, uint32_t phone, struct monitor *o);
void mivo_tell_service(struct mivo *m, uint32_t phone); /* registered or not */
void mivo_tell_unknown(struct mivo *m);
void w_device(struct writer *w, const struct mivo *m, const char *name, uint32_t number);
void w_connection(struct writer *w, const struct mivo *m, const char *name, uint32_t call,
		  const struct party *who);
/* When the phone's profile ends, if it does. */
void w_until(struct writer *w, const struct mivo *m, uint32_t phone);
/* The words of the form that is switched on. */
const char *mivo_profile_word(const struct mivo *m, uint8_t profile);
bool mivo_profile_of_word(const struct mivo *m, const char *word, uint8_t *ret);

/* ---- mivo_call.c ---- */
void mivo_calls_tick(struct mivo *m);
int64_t mivo_calls_next(const struct mivo *m);
void mivo_calls_forget(struct mivo *m);			 /* all, untold */
int mivo_party_of(const struct call *c, uint32_t phone); /* -1: not in it */

/* ---- mivo_traffic.c ---- */
void mivo_traffic_start(struct mivo *m);
void mivo_traffic_due(struct mivo *m);

#endif
