/* machine.h - private to this folder: a switch watched by CSTA III monitors.
 *
 *   machine.c  the vtable, lines, the clock      session.c  log-in, keep-alive, what the switch
 * asks ask.c      requests in flight, line by line  answer.c   what comes back, refusals in words
 *   event.c    call events into calls            feature.c  DND, forwarding, registration
 *   profile.c  the user's own presence, both ways    lamp.c     lamps of phones
 *   view.c     what people see
 *
 * Each line takes its steps one after the other: MonitorStart, then DND, profile and forwarding,
 * and SnapshotDevice last, because its answer is what synchronises the line; what is written comes
 * behind them. Of all lines at most
 * `outstanding` are in a step. The switch's stream is in order, so a snapshot is the truth of its
 * moment; one that an event has overtaken is taken again. */
#ifndef SOURCE_CSTA_MACHINE_H
#define SOURCE_CSTA_MACHINE_H

#include "base/prng.h"
#include "base/secret.h"
#include "proto/csta/device.h"
#include "proto/csta/lamp.h"
#include "proto/csta/profile.h"
#include "proto/csta/request.h"
#include "source/calls.h"
#include "source/lines.h"
#include "source/uplink.h"

enum {
	NONE = 0x7fffffff,
	ANSWER_MS = 20 * 1000,
	IDLE_MS = 30 * 1000, /* nothing heard for so long: ask */
	SWEEP_MS = 15 * 60 *
		   1000, /* however quiet: events may be lost; a line's turn comes so often */
	RESYNC_GAP_MS = 30 * 1000,  /* between two snapshots of everything */
	RETRY_MS = 30 * 1000,	    /* a step that failed in passing */
	MONITOR_AGAIN_MS = 1000,    /* after the switch has ended one */
	REFUSED_MS = 5 * 60 * 1000, /* one that was refused */
	LICENCE_MS = 30 * 1000,	    /* monitor licences used up: at first, doubled ... */
	LICENCE_MAX_MS = 10 * 60 * 1000,
	LOGIN_SLOW_MS = 30 * 1000, /* log-in refused: at first, doubled ... */
	LOGIN_SLOW_MAX_MS = 5 * 60 * 1000,
	SESSION_S = 600, /* asked for; what the switch grants counts */
	RENEW_AGAIN_MS = 1000, /* no room for one more question */
	OUTSTANDING_DEFAULT = 50,
	PENDING_MAX = 2 * CSTA_OUTSTANDING_MAX, /* the link's own questions need room too */
	SNAPSHOTS_AGAIN = 3,
	XREF_MAX = 47,
	REASON_MAX = 96,
};

enum stage { STAGE_DOWN, STAGE_LOGIN, STAGE_UP, STAGE_STATES };
enum log_in {
	LOG_IN_SESSION,
	LOG_IN_REGISTER,
	LOG_IN_NONE
}; /* in the order of settings.def's words */

/* The steps of a line, in their order, and the questions of the link. */
enum ask {
	ASK_MONITOR,
	ASK_DND,
	ASK_PROFILE,
	ASK_FORWARD,
	ASK_SNAPSHOT,
	ASK_SET_PROFILE,
	ASK_SET_DND,
	ASK_LAMP,
	ASK_LINE_COUNT,
	ASK_LOGIN = ASK_LINE_COUNT,
	ASK_RENEW,
	ASK_STATUS,
	ASK_STOP,
	ASK_COUNT
};

_Static_assert(ASK_LINE_COUNT <= 8, "a line's steps are bits of a byte");
enum {
	SYNC_STEPS = 1 << ASK_DND | 1 << ASK_PROFILE | 1 << ASK_FORWARD | 1 << ASK_SNAPSHOT,
	WRITE_STEPS = 1 << ASK_SET_PROFILE | 1 << ASK_SET_DND | 1 << ASK_LAMP, /* need no monitor */
};

struct pending {
	uint16_t invoke;
	uint8_t what;	     /* enum ask */
	uint32_t slot;	     /* NONE: of the link */
	uint32_t serial;     /* of the line's use of the slot */
	uint32_t generation; /* of its write */
	int64_t sent_ms;
};

struct device {
	uint8_t link;  /* enum line_link */
	uint8_t wants; /* bits 1 << enum ask */
	uint8_t forbidden; /* the same: the account was refused them for this line, by security */
	bool used, monitored, synced, queued, in_step;
	bool dnd, dnd_ours; /* ours: switched on along with a profile */
	bool dnd_asking, dnd_asked; /* a SetDoNotDisturb is under way, to this */
	bool registered, profile_heard, dnd_heard;
	bool probed;	/* a person asks: a snapshot is to come */
	bool overtaken; /* a call event came while a snapshot was under way */
	bool crowded;	/* since its snapshot the table had no room for a call of it */
	uint8_t again, refusals;
	uint32_t serial, next; /* next: of the queue */
	char xref[XREF_MAX + 1];
	uint64_t xref_key;
	int64_t report_ms, retry_ms;
	char reason[REASON_MAX];
	struct line_lamps *lamps; /* NULL: no lamp shows this line's user */
	bool writing;
	uint8_t by_dnd, by_forward; /* enum profile that they stand for by the table; PROFILE_NONE */
	uint8_t by_feature;	    /* of the two, what was told last */
	uint8_t write_state; /* enum profile */
	int64_t write_until_wall_ms;
	uint32_t generation;
};

struct csta {
	uint32_t connector;
	uint16_t account;
	bool reads_profile, tls, lamps;
	uint8_t offers;		 /* an edition, or CSTA_EDITION_ANY */
	uint8_t edition;	 /* of this link */
	uint8_t log_in;		 /* enum log_in */
	uint8_t dnd_while;	 /* bits 1 << enum profile */
	uint64_t seed;
	int64_t now_ms;
	struct prng prng;
	char username[256], login_element[64], login_ns[192];
	struct secret password;
	struct csta_form form;
	struct csta_lamp_form lamp_form;
	struct outbox out;
	struct uplink link;
	struct csta_stream stream;
	struct xml_reader *xml;
	struct csta_message *message;
	struct buf scratch; /* the frame being written */
	uint64_t received;

	uint8_t stage; /* enum stage */
	uint8_t login_refusals;
	char login_refused[REASON_MAX]; /* "": it was not */
	char session[256];
	int64_t renew_ms, session_s;
	uint8_t denied; /* bits 1 << enum ask: services that this switch has not */

	struct line_table table;
	struct device *devices; /* by slot */
	struct call_table calls;
	struct map by_xref;
	struct pending pending[PENDING_MAX];
	uint32_t pending_n, in_step_n, outstanding;
	uint16_t next_invoke;
	uint32_t queue, queue_last; /* slots that want a step */
	uint32_t serials;
	int64_t retry_due_ms; /* not later than any line's retry_ms */
	int64_t sweep_due_ms, resync_due_ms, resynced_ms;
	uint32_t sweep_slot;
};

/* ---- session.c ---- */
void cs_session_opened(struct csta *c);
void cs_session_lost(struct csta *c);
void cs_session_bytes(struct csta *c, struct slice bytes);
void cs_session_drop(struct csta *c, enum note n, const char *why, int64_t wait_ms);
/* refusal "": it was granted. */
void cs_session_answer(struct csta *c, enum ask what, const struct csta_message *m,
		       const char *refusal);
void cs_session_probe(struct csta *c);
void cs_session_tick(struct csta *c);
int64_t cs_session_next(const struct csta *c);

/* ---- ask.c ---- */
/* The frame in scratch leaves as a request; false: nothing can be sent now. */
bool cs_ask_send(struct csta *c, enum ask what, uint32_t slot);
bool cs_ask_take(struct csta *c, uint16_t invoke, struct pending *ret);
/* The line wants these steps; they begin when it is its turn. */
void cs_ask_want(struct csta *c, uint32_t slot, uint8_t steps);
/* Its step has ended: the next one, or the next line's. */
void cs_ask_done(struct csta *c, uint32_t slot);
void cs_ask_pump(struct csta *c);
/* A monitor that is no longer wanted is given back: it costs a licence. */
void cs_ask_stop(struct csta *c, struct slice xref);
/* Whatever it has under way is nobody's: its answers are passed over. */
void cs_ask_forget(struct csta *c, uint32_t slot);
/* The line does nothing until then. */
void cs_ask_wait(struct csta *c, uint32_t slot, enum line_link link, int64_t wait_ms,
		 const char *reason);
/* All lines are asked anew, soon. */
void cs_ask_resync_all(struct csta *c);
/* A person asks: every line, and those that wait after a refusal too. */
void cs_ask_probe(struct csta *c);
void cs_ask_tick(struct csta *c);
int64_t cs_ask_next(const struct csta *c);

/* ---- answer.c ---- */
/* m is empty when the answer could not be read. */
void cs_answer_take(struct csta *c, const struct pending *p, const struct csta_message *m);
void cs_answer_late(struct csta *c, const struct pending *p);
/* Nobody waits for it any more: a monitor that came with it is given back. */
void cs_answer_stale(struct csta *c, const struct csta_message *m);

/* ---- event.c ---- */
void cs_event_take(struct csta *c, const struct csta_message *m);
void cs_event_snapshot(struct csta *c, uint32_t slot, const struct csta_message *m);
struct obs cs_obs(const struct csta *c, uint32_t slot, enum obs_kind kind);
uint64_t cs_xref_key(const struct csta *c, struct slice xref);
uint32_t cs_xref_find(const struct csta *c, struct slice xref);

/* ---- feature.c ---- */
/* Anything that is no event of a feature is passed over. */
void cs_feature_event(struct csta *c, uint32_t slot, const struct csta_message *m);
void cs_feature_dnd(struct csta *c, uint32_t slot, bool on);
/* Where nobody has told: it is off until somebody does. */
void cs_feature_dnd_unasked(struct csta *c, uint32_t slot);
void cs_feature_registered(struct csta *c, uint32_t slot, bool on);
void cs_feature_forward_answer(struct csta *c, uint32_t slot, const struct csta_message *m);

/* ---- profile.c ---- */
void cs_profile_event(struct csta *c, uint32_t slot, const struct csta_message *m);
void cs_profile_answer(struct csta *c, uint32_t slot, const struct csta_message *m);
void cs_profile_unasked(struct csta *c, uint32_t slot);
/* The answer to a feature's question, which may stand for a profile as its event does. */
void cs_profile_feature(struct csta *c, uint32_t slot, enum ask what, const struct csta_message *m);
void cs_profile_write_start(struct csta *c, uint32_t slot, const struct profile_write *w);
/* False: there is nothing to send. */
bool cs_profile_put(struct csta *c, uint32_t slot, enum ask what);
/* refusal "": it was taken. A write that a newer one has replaced says nothing to the engine. */
void cs_profile_written(struct csta *c, uint32_t slot, enum ask what, uint32_t generation,
			enum write_result result, const char *refusal);
/* Whatever is under way is nobody's; the engine has been told by other means. */
void cs_profile_forget(struct csta *c, uint32_t slot);
/* The same where it has not. */
void cs_profile_broken_off(struct csta *c, uint32_t slot, const char *why);

/* ---- lamp.c ---- */
MUST_CHECK enum err cs_lamp_add(struct csta *c, uint32_t slot);
/* What is lit for the line goes out, as far as the link stands. */
void cs_lamp_drop(struct csta *c, uint32_t slot);
void cs_lamp_show(struct csta *c, uint32_t slot, enum lamp lamp);
/* Those that an earlier connector has lit, as OUT_KEEP said. */
void cs_lamp_restore(struct csta *c, uint32_t slot, struct slice names);
/* fresh: after a log-in; else it is the line's turn. */
void cs_lamp_anew(struct csta *c, uint32_t slot, bool fresh);
/* False: there is nothing to send. */
bool cs_lamp_put(struct csta *c, uint32_t slot);
/* refusal "": it was taken; for_good: the service, or the lamp, is not there. Whether it was a lamp to be
 * set, not the question how it stands. */
bool cs_lamp_answer(struct csta *c, uint32_t slot, const struct csta_message *m, const char *refusal,
		    bool for_good);
void cs_lamp_late(struct csta *c, uint32_t slot);
/* shown and refusal stay as they are where there is nothing to say. */
void cs_lamp_view(const struct csta *c, uint32_t slot, char *shown, size_t shown_cap, char *refusal,
		  size_t refusal_cap);

/* ---- view.c ---- */
void csta_view(const struct source *s, struct source_view *ret);
bool csta_line_view(const struct source *s, uint32_t line, struct source_line_view *ret);

static inline struct csta *csta_of(struct source *s)
{
	return (struct csta *)(void *)s;
}

static inline const struct csta *const_csta_of(const struct source *s)
{
	return (const struct csta *)(const void *)s;
}

static inline struct slice device_of(const struct csta *c, uint32_t slot)
{
	return slice_str(line_table_number(&c->table, slot));
}

#endif
