/* pbx.h - a simulated PBX: phones that call each other, and a SIP notifier that tells about them.
 *
 * Sans-I/O, with the four verbs of the house: feed bytes, tick time, ask when it is next due, drain
 * what comes out. Time comes in as now_ms and must not decrease. Everything random comes from the
 * seed. It keeps the ground truth of every phone beside what it has told, and it can be made to
 * misbehave in each way that real products were seen to. It links nothing of src/source.
 *
 * Spoken: SUBSCRIBE, NOTIFY, OPTIONS (RFC 3261, 6665), in Kamailio's manner PUBLISH (RFC 3903),
 * packages dialog (RFC 4235) and presence (RFC 3856), lists (RFC 4662), digest MD5 and SHA-256 (RFC
 * 8760), in the manner of Asterisk 22 or of Kamailio 5.6 as recorded in tests/vectors/captures. */
#ifndef SIM_PBX_H
#define SIM_PBX_H

#include "base/slice.h"

enum pbx_style { PBX_ASTERISK, PBX_KAMAILIO };
enum pbx_auth { PBX_AUTH_NONE, PBX_AUTH_MD5, PBX_AUTH_SHA256, PBX_AUTH_BOTH };
enum pbx_transport { PBX_UDP, PBX_TCP, PBX_TLS };

enum { PBX_UDP_CHANNEL = 0, PBX_NEVER_S = 0 };
#define PBX_NEVER INT64_MAX
#define PBX_EXTERNAL UINT32_MAX /* the far end of a call that is no phone of ours */

struct pbx_config {
	const char *host; /* own address, numeric */
	uint16_t port;    /* of UDP and TCP */
	uint16_t tls_port;
	uint32_t phones;  /* 1..100,000 */
	uint32_t first;   /* number of the first one; phone i has first + i */
	uint8_t style;    /* enum pbx_style */
	uint8_t auth;     /* enum pbx_auth */
	const char *username, *password;
	uint32_t min_expires_s, max_expires_s; /* 0: 10 and 3600 */
	uint32_t list_bytes_max; /* a list NOTIFY above this is never sent; 0: 65,535 as Asterisk */
	uint32_t subscriptions_max; /* 0: four a phone and 64 */
	uint64_t seed;
	uint32_t calls_per_hour, talk_s; /* random calls; 0: none */
};

struct pbx_address {
	char host[64]; /* numeric, no brackets */
	uint16_t port;
};

struct pbx;

/* The strings of config are copied. ERR_NO_MEMORY, ERR_LIMIT. */
MUST_CHECK enum err pbx_new(struct pbx **ret, const struct pbx_config *config, int64_t now_ms);
void pbx_free(struct pbx *p); /* takes NULL */
/* Where it is reached, when the port was not known at pbx_new. */
void pbx_set_port(struct pbx *p, uint16_t port, uint16_t tls_port);

/* A list sip:NAME@host over count phones from the index first on. full_state: every NOTIFY carries
 * all of them. batch_ms: changes are collected that long. pbx_new makes "lines" (changes only) and
 * "users" (full), each over all phones, 100 ms. ERR_LIMIT, ERR_EXISTS. */
MUST_CHECK enum err pbx_add_list(struct pbx *p, const char *name, uint32_t first, uint32_t count,
				 bool full_state, uint32_t batch_ms);

/* ---- the network ---- */

enum pbx_feed_kind {
	PBX_OPENED, /* a stream was accepted as .channel, or one that it asked for now stands */
	PBX_BYTES,  /* stream: any cut; UDP (channel PBX_UDP_CHANNEL): one datagram from .peer */
	PBX_CLOSED, /* or could not be opened */
};

struct pbx_feed {
	uint8_t kind;      /* enum pbx_feed_kind */
	uint8_t transport; /* enum pbx_transport; PBX_OPENED */
	uint32_t channel;  /* accepted: the shell's choice, 1..0x7fffffff, unused so far */
	struct pbx_address peer;
	struct slice bytes;
};

enum pbx_out_kind {
	PBX_SEND,    /* .bytes on .channel; UDP: to .peer. Valid until the next call */
	PBX_CONNECT, /* open .transport to .peer as .channel (0x80000000 and up) */
	PBX_CLOSE,   /* nothing of .channel is fed after it */
};

struct pbx_out {
	uint8_t kind;      /* enum pbx_out_kind */
	uint8_t transport; /* enum pbx_transport */
	uint32_t channel;
	struct pbx_address peer;
	struct slice bytes;
};

void pbx_feed(struct pbx *p, int64_t now_ms, const struct pbx_feed *in);
void pbx_tick(struct pbx *p, int64_t now_ms);
/* When to tick next, PBX_NEVER when nothing is due. It may be early. */
int64_t pbx_next(const struct pbx *p);
bool pbx_drain(struct pbx *p, struct pbx_out *ret);

/* ---- phones and calls: the ground truth ---- */

/* A phone's busiest doing. DIALING from the first moment of a call it placed. */
enum pbx_phone_state { PBX_IDLE, PBX_RINGING, PBX_DIALING, PBX_TALKING, PBX_HELD, PBX_PHONE_STATES };

/* As published in presence documents of the Kamailio style; Asterisk's carry none. */
enum pbx_profile { PBX_AVAILABLE, PBX_AWAY, PBX_BUSY, PBX_MEETING, PBX_NOT_AVAILABLE, PBX_PROFILES };

struct pbx_phone {
	uint32_t number;
	uint8_t state; /* enum pbx_phone_state */
	uint8_t profile; /* enum pbx_profile: stated last, by its user or by a publication */
	bool registered;
	bool dnd; /* the way FreePBX keeps it: a phone with it reports busy */
	bool stuck; /* subscriptions of old are told of a call that is over: fault STUCK */
	/* What was to be told of it last was withheld, told wrongly or given up, and no later report has
	 * been answered: who listens believes the report before. */
	bool misled;
	bool heard; /* kinds without subscriptions: told over the connection that stands now */
	bool gone;  /* the same, that nothing will be told of it any more */
	uint32_t calls; /* not yet ended */
	uint32_t subscriptions; /* own ones, without lists */
	int64_t since_ms; /* last change of state */
};

uint32_t pbx_phones(const struct pbx *p);
/* false: no such phone */
bool pbx_phone(const struct pbx *p, uint32_t index, struct pbx_phone *ret);
/* Index of a number, PBX_EXTERNAL when it is no phone of ours. */
uint32_t pbx_find(const struct pbx *p, uint32_t number);
const char *pbx_phone_state_name(enum pbx_phone_state s);
const char *pbx_profile_name(enum pbx_profile s);

enum { PBX_UNTIL_TOLD = -1 };

/* from and to are indices; one of them may be PBX_EXTERNAL. The call dials for dial_ms (`trying`),
 * rings for ring_ms, then is answered and ends after talk_ms; each may be PBX_UNTIL_TOLD.
 * unanswered: it ends after ringing. A phone in a call already gets a second one. */
struct pbx_call_plan {
	uint32_t from, to;
	int64_t dial_ms, ring_ms, talk_ms;
	bool unanswered;
};

/* ERR_NOT_FOUND: no such phone, or both external; ERR_LIMIT: too many calls at once. */
MUST_CHECK enum err pbx_call(struct pbx *p, int64_t now_ms, const struct pbx_call_plan *plan,
			     uint32_t *ret_call);
/* Of all calls of the phone. ERR_NOT_FOUND: there is none that this can be done to. */
MUST_CHECK enum err pbx_answer(struct pbx *p, int64_t now_ms, uint32_t phone);
MUST_CHECK enum err pbx_hangup(struct pbx *p, int64_t now_ms, uint32_t phone);
MUST_CHECK enum err pbx_hold(struct pbx *p, int64_t now_ms, uint32_t phone, bool on);
void pbx_set_registered(struct pbx *p, int64_t now_ms, uint32_t phone, bool on);
void pbx_set_dnd(struct pbx *p, int64_t now_ms, uint32_t phone, bool on);
void pbx_set_profile(struct pbx *p, int64_t now_ms, uint32_t phone, enum pbx_profile profile);

/* ---- misbehaviour ---- */

enum pbx_fault_kind {
	PBX_FAULT_NONE,      /* ends SILENT, STUCK and what is still to come of the others */
	PBX_FAULT_SILENT,    /* for .ms nothing is heard and nothing said */
	PBX_FAULT_OVERTAKEN, /* .count times two NOTIFYs of one subscription change places */
	PBX_FAULT_SWAPPED,   /* .count times a caller's `trying` is told after its `early` */
	PBX_FAULT_REPEATED,  /* .count NOTIFYs are sent twice, byte for byte */
	PBX_FAULT_AGAIN,     /* every subscription is told its unchanged state once more */
	PBX_FAULT_LOST,      /* the first sending of .count NOTIFYs is lost; UDP repeats it */
	PBX_FAULT_SKIPPED,   /* .count NOTIFYs are never sent at all, though numbered */
	PBX_FAULT_STUCK,     /* the phone's next hang-up is told to new subscriptions only */
	PBX_FAULT_BUSY,      /* .count SUBSCRIBEs get 503 with Retry-After .retry_after_s */
	PBX_FAULT_STALE,     /* .count log-ins get 401/407 with stale=true and a fresh nonce */
	PBX_FAULT_TERMINATE, /* subscriptions end with .reason, .retry_after_s */
	PBX_FAULT_REFUSE,    /* .count SUBSCRIBEs are answered with .status */
	PBX_FAULT_UNPUBLISH,  /* every publication is lost, and its tag unknown from now on */
	PBX_FAULT_ODD_TAG,    /* .count PUBLISHes that name a tag are answered 500 */
	PBX_FAULT_DROP_LINKS, /* every stream is closed; subscriptions stay */
	PBX_FAULT_COUNT
};

enum pbx_restart_mode {
	PBX_RESTART_FORGET,    /* no subscription survives */
	PBX_RESTART_KEEP,      /* all do, numbers go on (orderly restart of Asterisk) */
	PBX_RESTART_STEP_BACK, /* all do, CSeq and version a little back (Asterisk after kill -9) */
};

struct pbx_fault {
	uint8_t kind;   /* enum pbx_fault_kind */
	uint32_t phone; /* index; PBX_EXTERNAL: any */
	uint32_t count;
	int64_t ms;
	uint32_t retry_after_s;
	uint16_t status;
	const char *reason; /* "deactivated", ...; NULL or "": none given */
};

void pbx_fault(struct pbx *p, int64_t now_ms, const struct pbx_fault *f);
/* Streams close at once; for down_ms it is silent and closes what is opened. Calls go on, or end
 * when end_calls. */
void pbx_restart(struct pbx *p, int64_t now_ms, enum pbx_restart_mode mode, int64_t down_ms,
		 bool end_calls);
const char *pbx_fault_name(enum pbx_fault_kind k);

struct pbx_counters {
	uint64_t received, sent, malformed;
	uint64_t subscribes, refreshes, unsubscribes, challenges, refused;
	uint64_t notifies, retransmissions, notify_answers, notify_failures;
	uint64_t calls, answered, publishes;
	uint32_t subscriptions, busy_phones;
};

void pbx_count(const struct pbx *p, struct pbx_counters *ret);

#endif
