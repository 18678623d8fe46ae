/* machine.h - private to this folder: the AMI connector's parts and who calls whom.
 *
 *   session.c  banner, log-in, rights, events on, keep-alive     action.c  actions under way
 *   sync.c     the round of lists that says what stands          hint.c    what a line consists of
 *   event.c    events and list members                           report.c  states into obs
 *   write.c    profile and Do Not Disturb to the PBX             lamp.c    lamps to the PBX
 *   machine.c, view.c  the vtable
 *
 * A line is an extension with a hint. The hint names things: phones, Do Not Disturb switches of
 * FreePBX (Custom:DND201), and one user presence (CustomPresence:201). Each thing has a state that
 * comes by DeviceStateList, PresenceStateList and events; the line is what its things are. The hint's
 * own status mixes Do Not Disturb and calls: it counts only where the things are not told. */
#ifndef SOURCE_AMI_MACHINE_H
#define SOURCE_AMI_MACHINE_H

#include "base/map.h"
#include "base/prng.h"
#include "proto/ami/action.h"
#include "proto/ami/packet.h"
#include "source/lines.h"
#include "source/outbox.h"
#include "source/uplink.h"

#define NONE UINT32_MAX
#define LAMP_DEVICE "Custom:teams-"

enum {
	LOGIN_MS = 20 * 1000,	      /* from connected to events on */
	BOOT_MS = 30 * 1000,	      /* ... and as much longer while the PBX is still starting */
	BOOT_STEP_MS = 1000,
	LACKS_MS = 60 * 1000,	      /* then a PBX without these modules is asked again */
	ANSWER_MS = 15 * 1000,	      /* an action unanswered, and nothing else heard */
	ANSWER_MAX_MS = 120 * 1000,
	IDLE_MS = 30 * 1000,	      /* nothing heard for so long: ping */
	LOGIN_SLOW_MS = 5 * 60 * 1000, /* after a refused log-in */
	SYNC_SOON_MS = 200,
	SYNC_GAP_MS = 5 * 1000, /* between two rounds asked for by the engine */
	SYNC_STEADY_MS = 15 * 60 * 1000,
	PENDING_MAX = 64,
	HINT_THINGS_MAX = 32,
	CONTEXTS_MAX = 8,
	CONTEXT_MAX = 80, /* AST_MAX_CONTEXT */
	THING_NAME_MAX = 160,
	DND_WHILE_MAX = PROFILE_COUNT,
};

/* ---- actions under way ---- */

enum ask {
	ASK_CHALLENGE,
	ASK_LOGIN,
	ASK_RIGHTS,
	ASK_FILTER,
	ASK_EVENTS,
	ASK_PING,
	ASK_HINTS,
	ASK_HINT, /* of one line */
	ASK_DEVICES,
	ASK_PRESENCES,
	ASK_WRITE,
	ASK_LAMP,
};

struct pending {
	uint32_t id, slot, generation;
	int64_t sent_ms;
	uint8_t ask;   /* enum ask */
	bool listing;  /* answered, its members come */
};

/* ---- what lines consist of ---- */

enum thing_kind { THING_PHONE, THING_DND, THING_PRESENCE };

enum device_state {
	DEVICE_UNKNOWN,
	DEVICE_NOT_INUSE,
	DEVICE_INUSE,
	DEVICE_BUSY,
	DEVICE_INVALID,
	DEVICE_UNAVAILABLE,
	DEVICE_RINGING,
	DEVICE_RINGINUSE,
	DEVICE_ONHOLD,
	DEVICE_STATES
};

struct thing {
	char *name; /* NULL: free */
	uint32_t first_ref; /* free: the next free one */
	uint8_t kind, state; /* enum thing_kind; enum device_state or enum profile */
	bool known;	     /* told since the link came up */
	bool bare_dnd;	     /* presence: `dnd` that is no profile of ours */
	bool marked;	     /* presence: we switched Do Not Disturb on with it */
	char message[64];    /* presence: what its user has written beside it, cut */
};

struct ref {
	uint32_t thing, slot;
	uint32_t next_of_thing, next_of_line; /* free: next_of_line is the next free one */
};

enum line_state { AMI_LINE_NEW, AMI_LINE_HINTED, AMI_LINE_UNKNOWN };

enum write_step { STEP_PRESENCE, STEP_DB, STEP_CUSTOM, STEP_DEVICES };

struct told {
	uint8_t call, profile;
	bool dnd, registered;
};

struct extension {
	char *context;	    /* of its hint; "" before */
	uint64_t hint_hash;
	int64_t report_ms;
	uint32_t first_ref;
	int32_t status; /* of the hint */
	uint8_t state;	/* enum line_state */
	bool seen;	/* in this round's list */
	bool reported, wanted; /* since the link came up; a FULL report is wanted */
	bool moved; /* events have told of its things since the list */
	bool noted; /* that it is not known */
	struct told told;
	/* the write under way */
	uint32_t generation, next_write, devices_done;
	uint8_t write_state, step;
	bool writing, queued, dnd_on, dnd_change;
	bool dnd_ours;	/* we have switched Do Not Disturb on, and nobody took it over */
	uint8_t lamp, lamp_told; /* enum lamp: to be shown; as the PBX took it, LAMP_COUNT: not known */
	bool lamp_sent, lamp_refused;
	bool lamp_kept; /* it may be lit: told by OUT_KEEP */
	bool releasing; /* the write is one of our own: Do Not Disturb off, no profile */
};

/* ---- the machine ---- */

enum stage {
	STAGE_DOWN,
	STAGE_BANNER,
	STAGE_CHALLENGE,
	STAGE_LOGIN,
	STAGE_RIGHTS,
	STAGE_EVENTS,
	STAGE_UP,
	STAGE_STATES
};

enum sync { SYNC_NONE, SYNC_HINTS, SYNC_ASK, SYNC_DEVICES, SYNC_PRESENCES };

/* What the account may, or the PBX can. */
struct rights {
	bool lists, devices, presences, setvar, db, filter;
	bool blind; /* lists differ from what events told, and no event ever came */
};

struct ami {
	/* settings */
	uint32_t connector;
	uint16_t account;
	char username[SOURCE_NAME_MAX];
	struct secret password;
	char context[CONTEXT_MAX + 1]; /* "": any */
	bool tls, reads_profile, writes_profile, lamps;
	uint8_t dnd_while; /* bits: enum profile */

	int64_t now_ms;
	struct prng prng;
	struct outbox out;
	struct uplink link;
	struct ami_stream stream;
	struct buf scratch;
	uint64_t received;

	uint8_t stage; /* enum stage */
	struct rights rights;
	bool lacks_devices, lacks_presences; /* lists that it did not have after all that waiting */
	int64_t rights_ms; /* when they are asked for again, TIME_NEVER: they are not */
	uint64_t events; /* since the log-in */
	uint32_t last_id;
	struct pending pending[PENDING_MAX]; /* oldest first */
	uint32_t pending_n;

	uint8_t sync; /* enum sync */
	bool sync_again, lists_refused;
	bool probe_wanted, probing; /* a person asks: the next round, and this one, tell */
	int64_t sync_ms; /* the next round */
	int64_t synced_ms;
	uint32_t rounds; /* since the link came up */
	uint32_t ask_slot, ask_context, asks; /* SYNC_ASK: where it stands, and answers still due */
	char contexts[CONTEXTS_MAX][CONTEXT_MAX + 1];
	uint32_t contexts_n;

	/* a hint that is no line of ours, of this round's list: its repetition tells of a reload too */
	bool has_other;
	uint64_t other_hash; /* of extension and context */
	int32_t other_status;

	struct line_table table;
	struct extension *lines; /* by slot */
	uint32_t lines_max;
	struct thing *things;
	uint32_t things_n, things_max, things_spare;
	struct map by_name;
	uint64_t seed;
	struct ref *refs;
	uint32_t refs_n, refs_max, refs_spare;
	uint32_t writes, writes_last; /* queue of slots */
	uint32_t lamps_at;            /* slots before it show what they shall */
	bool lamps_wait;              /* some slot may not */
	bool lamps_left;              /* an earlier connector may have lit some, whatever we are to do */
};

/* ---- session.c ---- */
void session_opened(struct ami *m);
void session_lost(struct ami *m);
/* Closes, and forgets what was under way. */
void session_drop(struct ami *m, enum note n, const char *why, int64_t wait_ms);
/* Whoever it is that the link led to, in words. */
enum { STRANGER_MAX = 120 };
const char *session_stranger(const struct ami *m, char *ret, size_t cap);
bool session_banner(struct ami *m);
void session_answer(struct ami *m, const struct pending *p, const struct ami_packet *k);
void session_probe(struct ami *m);
void session_tick(struct ami *m);
int64_t session_next(const struct ami *m);

/* ---- action.c ---- */
bool action_room(const struct ami *m);
/* Starts an action in m->scratch; ended by action_send with the same ask. */
void action_begin(struct ami *m, struct ami_action *a, const char *name);
/* False when it held what must not be sent (a line end in a name): nothing is sent. */
bool action_send(struct ami *m, struct ami_action *a, enum ask ask, uint32_t slot);
/* One packet of the PBX. */
void action_packet(struct ami *m, const struct ami_packet *k);
int64_t action_deadline(const struct ami *m);

/* ---- sync.c ---- */
void sync_start(struct ami *m);
/* A round in at most `in_ms`. */
void sync_want(struct ami *m, int64_t in_ms);
/* A round soon, but not one upon another. */
void sync_soon(struct ami *m);
/* A person asks: a round as soon as may be. */
void sync_probe(struct ami *m);
void sync_tick(struct ami *m);
void sync_answer(struct ami *m, const struct pending *p, const struct ami_packet *k);
/* The list of p is complete. */
void sync_complete(struct ami *m, const struct pending *p);

/* ---- hint.c ---- */
/* What the line consists of from now on. True: it is new or has changed. */
bool hint_take(struct ami *m, uint32_t slot, struct slice context, struct slice hint, int32_t status);
void hint_drop(struct ami *m, uint32_t slot);
/* NONE: of no interest. */
uint32_t thing_find(const struct ami *m, struct slice name);
/* The line's extension: its number without a context of its own. */
struct slice hint_exten(const struct ami *m, uint32_t slot);
/* The context that the line is bound to; "" any. */
struct slice hint_context(const struct ami *m, uint32_t slot);
/* The name of the line's user presence. */
const char *hint_presence(const struct ami *m, uint32_t slot, char *scratch, size_t cap);
void hint_fini(struct ami *m);

/* ---- event.c ---- */
void event_take(struct ami *m, const struct ami_packet *k, const struct pending *list);
/* An ExtensionState answer or an ExtensionStatus for the line. */
bool event_status(const struct ami_packet *k, int32_t *ret);

/* ---- report.c ---- */
/* Something of it may have changed by an event. */
void report_line(struct ami *m, uint32_t slot);
void report_thing(struct ami *m, uint32_t thing);
/* After a round of lists. True: it differs from what events had told. */
bool report_full(struct ami *m, uint32_t slot);
/* The line's things as they stand. */
struct told report_state(const struct ami *m, uint32_t slot);
void report_lost(struct ami *m, uint32_t slot);

/* ---- write.c ---- */
void write_start(struct ami *m, uint32_t slot, const struct profile_write *w);
void write_pump(struct ami *m);
void write_answer(struct ami *m, const struct pending *p, const struct ami_packet *k);
void write_forget(struct ami *m, uint32_t slot);
/* The line's user presence was told anew: by an event, or, surely the present one, by a list. */
void write_presence_told(struct ami *m, uint32_t slot, bool listed);
/* A user presence as the PBX tells it. */
void presence_read(struct thing *t, struct slice status, struct slice subtype, struct slice message);

/* ---- lamp.c ---- */
void lamp_set(struct ami *m, uint32_t slot, enum lamp lamp);
void lamp_restore(struct ami *m, uint32_t slot);
void lamp_pump(struct ami *m);
bool lamp_wants(const struct ami *m);
/* The PBX may have forgotten everything: after a log-in. */
void lamp_anew(struct ami *m);
void lamp_answer(struct ami *m, const struct pending *p, const struct ami_packet *k);
void lamp_view(const struct ami *m, uint32_t slot, struct source_line_view *ret);

/* ---- view.c ---- */
void ami_view_source(const struct ami *m, struct source_view *ret);
bool ami_view_line(const struct ami *m, uint32_t line, struct source_line_view *ret);
/* What the configuration asks and the account has not; "" nothing. */
void view_missing(const struct ami *m, char *dst, size_t cap);

#endif
