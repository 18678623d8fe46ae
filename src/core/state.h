/* state.h - the engine's own records; private to this folder.
 *
 * Packed records in tables sized once, joined by 32-bit indexes. An idle user costs one struct user,
 * one wheel node and one struct line a line; what only busy users need (struct pub, struct call)
 * sits in pools whose unused pages are never touched. */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include "base/wheel.h"
#include "core/engine.h"
#include "core/policy.h"

enum { CALLS_PER_LINE_MAX = 64, OWN_POLICIES_MAX = 4096 };

struct call {
	uint64_t key;
	int64_t since_mono_ms; /* ringing: first report; others: last confirmed or questioned */
	uint32_t next;
	uint16_t epoch; /* the connector's when last reported */
	uint8_t state;  /* enum call_state */
	bool aged;      /* rang too long: kept, so that a repeated report does not revive it */
};

enum { LINE_FORWARD_SHIFT = 9 };

enum line_flag {
	LINE_USED = 1,
	LINE_IN_SYNC = 2,     /* while .epoch is the connector's */
	LINE_PAST_GRACE = 4,
	LINE_KNOWN = 8,
	LINE_DND = 16,
	LINE_DND_FRESH = 32,  /* reported since the link came up; while .epoch is the connector's */
	LINE_GONE_AWAY = 64,  /* not registered */
	LINE_OVERFLOW = 128,  /* a busy call did not fit the pool */
	LINE_FORWARD = 3 << LINE_FORWARD_SHIFT, /* two bits: enum forward_target */
	LINE_RESTORED = 256,  /* state from the store: .seen_wall_s is its evidence */
};

struct line {
	int64_t since_mono_ms; /* of the present presence */
	int64_t lost_mono_ms;  /* grace counts from here */
	uint32_t seen_wall_s;  /* last report, 0: never */
	uint32_t user, connector;
	uint32_t next_of_user;
	uint32_t first_call;
	uint16_t epoch;
	uint16_t flags;
};

enum user_flag {
	USER_USED = 1,
	USER_ENABLED = 2,
	USER_LEAVING = 4,
	USER_QUEUED = 8,     /* in the queue of users to be looked at */
	USER_SAVE = 16,      /* ACT_SAVE_USER is due */
	USER_CHANGED = 32,   /* ACT_CHANGED is due */
	USER_SETTLED = 64,   /* as last seen, for ACT_CHANGED */
	USER_OWN_POLICY = 128,
	USER_TARGET_PREFERRED = 256,
	USER_TEXT_OURS = 512, /* Teams may show a status message of ours */
	USER_HAS_LAMP = 1024,
};

struct user {
	int64_t since_mono_ms; /* of the combined state */
	uint32_t first_line;
	uint32_t pub; /* ID_NONE: nothing held, wanted or set */
	uint32_t next_queued;
	uint32_t generation; /* survives the re-use of the slot, so that late answers stay late */
	uint16_t account;
	uint16_t policy; /* own policy's index, with USER_OWN_POLICY */
	uint16_t flags;
	uint16_t last_status;
	uint8_t profile, combined, target, state;
	uint8_t text; /* enum text_cause, or TEXT_LEFT_OVER */
	uint8_t activity; /* enum seen_activity, as last read and not ours for certain */
	uint8_t lamp;     /* enum lamp, as last told */
};

/* What only users with a session, a profile or something under way need. */
struct pub {
	int64_t lease_end_mono_ms; /* of the confirmed session, 0: none */
	int64_t renew_mono_ms;
	int64_t retry_mono_ms;     /* not before, 0: at once */
	int64_t dwell_from_ms;     /* TIME_NEVER: not dwelling */
	int64_t alone_until_ms;    /* restored, and no line yet */
	int64_t change_mono_ms;    /* when the target changed */
	int64_t sent_mono_ms;      /* when the outstanding action was given out */
	int64_t profile_until_wall_ms, profile_order;
	int64_t profile_mono_ms; /* when the profile was set, INT64_MIN: before this process */
	int64_t text_until_wall_ms;
	int32_t sent_lease_ms;
	uint32_t next_free;
	int64_t accepted_mono_ms;  /* when the session held was last confirmed */
	int64_t probe_mono_ms;     /* when it was last sent again to learn why less is shown, 0: never */
	int64_t loss_mono_ms;      /* when a session of ours was last found gone */
	int64_t left_mono_ms;      /* when something of ours last left Teams */
	int64_t gone_mono_ms;      /* when Graph itself ends the session held, at the latest */
	int64_t doubt_until_ms;    /* until when .doubt may be in Teams */
	int64_t preferred_until_ms; /* until when a preferred state of ours may be there, seen or not */
	int32_t given_lease_ms;
	int32_t preferred_ms;      /* life of the preferred state in the outstanding action */
	struct hold held, sent, dwell;
	uint8_t ours;    /* what a read may show that is ours; this and the next three: bits of core/lamp.c */
	uint8_t standing; /* what may be in Teams now, as of the last look */
	uint8_t given;   /* given out since the last clear answer, for given_lease_ms at most */
	uint8_t doubt;   /* refused or lapsed, and perhaps there for all that */
	bool prove;      /* a clear is to be sent though nothing is known to be held */
	uint8_t series;  /* holds given out since the last clear answer */
	uint8_t denials; /* in a row */
	uint8_t cleared; /* enum session that the outstanding clear gives back */
	bool may_hold;      /* a hold was given out and may have been applied */
	bool may_preferred; /* the preferred state may be ours */
	bool preferred_left; /* the user put another in its place: not set again while the cause lasts */
	bool denied_clear;  /* what was refused was a clear */
	bool renewal;       /* what is outstanding only renews */
	bool unsure;        /* a request of what is outstanding may have been applied */
	uint8_t shown;    /* enum shown */
	uint8_t probe;      /* enum probe, core/seen.h */
	uint8_t losses;     /* in a row, each within SEEN_MEMORY_MS of the one before */
};

enum mirror_flag {
	MIRROR_KNOWN = 1,        /* .pbx is what the PBX is known to hold */
	MIRROR_HEARD = 2,        /* it has said so since the link came up; while .epoch is the connector's */
	MIRROR_IN_FLIGHT = 4,    /* a write is under way */
	MIRROR_AWAITS_ECHO = 8,  /* the PBX may still report our own write */
	MIRROR_COLLIDED = 16,    /* something else was reported while our write was under way */
	MIRROR_REFUSED = 32,     /* .written was refused */
	MIRROR_OURS = 64,        /* .written and .until_wall_ms mean something */
	MIRROR_UNSURE = 128,     /* a write had no clear answer: what the PBX holds is not certain */
};

/* What the PBX holds of the profile, one for each line; see mirror.h. Untouched memory for lines of
 * connectors without profiles. */
struct mirror {
	int64_t lost_mono_ms;  /* when it was last known to be what the PBX holds */
	int64_t retry_mono_ms; /* no write of .written before; in flight: until then an answer is awaited */
	int64_t until_wall_ms; /* as written, or told since; 0: neither */
	int64_t lend_mono_ms;  /* lend.h: when it is to be written; taken back: when it is forgotten */
	uint32_t generation;   /* of the last write */
	uint16_t epoch;
	uint8_t pbx, written; /* enum profile */
	uint8_t tries, flags;
	uint8_t lent;    /* enum profile that is ours alone, AVAILABLE: none */
	uint8_t lending; /* lend.c */
};

/* A stretch of a round through a table: everything up to (lap, pos), exclusive. */
struct lap {
	uint32_t lap, pos;
};

struct connector {
	int64_t lost_mono_ms;
	struct lap sweep; /* lines to be told of the loss */
	uint16_t epoch;   /* rises with every loss of the link */
	bool up;
	bool reads_profile, writes_profile;
	bool can_write; /* what was lent is given back there, whatever the configuration says */
	bool has_lent;  /* some line of it may have something that is lent */
};

struct account {
	struct policy policy;
	struct lap sweep; /* users to be looked at again */
	uint32_t census[PRESENCE_COUNT];
	int32_t lease_floor_ms; /* EV_LOAD */
	bool deep;
	bool known;
};

struct own_policy {
	struct policy policy;
	uint32_t users;
};

struct hours_state {
	int64_t until_wall_ms;
	bool closed;
};

struct engine {
	struct engine_limits max;
	int64_t now_ms, wall_ms, started_mono_ms;
	bool has_past; /* an earlier process has left records */
	struct hours_state hours[HOURS_MAX];
	int64_t wall_offset_ms; /* wall - mono when profile ends were last turned into deadlines */
	struct account *accounts;
	struct connector *connectors;
	struct user *users;
	struct line *lines;
	struct mirror *mirrors; /* by line */
	struct call *calls;
	struct pub *pubs;
	struct own_policy *own;
	struct wheel *wheel; /* by user */
	uint32_t users_high, lines_high, calls_high, pubs_high, own_high; /* never used from here on */
	uint32_t call_free, pub_free;
	uint32_t queue_head, queue_tail;
	struct lap line_lap, line_end, user_lap, user_end;
	uint64_t counters[ENGINE_COUNTER_COUNT];
	struct actions *out;
};

/* Actions one look at a user may give, besides those of its lines. */
enum { ROOM_USER = 15, ROOM_LINE = 2, ROOM_MIRROR = 5 };

/* With less than this a look could give nothing out and only ask for another: the step ends first. */
enum { ROOM_LOOK = ROOM_USER + (ROOM_MIRROR > ROOM_LINE ? ROOM_MIRROR : ROOM_LINE) };

static inline uint32_t engine_room(const struct engine *e)
{
	return ACTIONS_MAX - e->out->n;
}

static inline struct pub *pub_of(const struct engine *e, const struct user *u)
{
	return u->pub == ID_NONE ? NULL : &e->pubs[u->pub];
}

/* ---- engine.c ---- */
struct action *engine_push(struct engine *e, enum action_kind kind, uint32_t user);
void engine_audit(struct engine *e, uint32_t user, enum audit_kind kind, uint16_t a, uint16_t b);
void engine_count(struct engine *e, enum engine_counter c);
/* At the end of the queue, to be looked at when its turn comes. */
void engine_queue(struct engine *e, uint32_t user);
/* Looks at the user now: lines, profile, fold, publishing, deadline. */
void engine_look(struct engine *e, uint32_t user);
void engine_sweep_lines(struct engine *e, uint32_t connector);
void engine_sweep_users(struct engine *e, uint16_t account);
/* The account's, or the user's own where that is stricter: an account that is off is so for everybody. */
enum account_mode engine_mode(const struct engine *e, const struct user *u);
/* Outside the working hours of those whom the policy is for. */
bool engine_is_closed(const struct engine *e, const struct policy *p);
const struct policy *engine_policy(const struct engine *e, const struct user *u);
/* Never fails: there is one for every user. */
struct pub *engine_pub(struct engine *e, struct user *u);
void engine_pub_trim(struct engine *e, struct user *u);
void engine_user_free(struct engine *e, uint32_t user);

/* ---- change.c: events that change who is there ---- */
void change_policy(struct engine *e, uint16_t account, const struct policy *p);
void change_hours(struct engine *e, uint16_t hours, bool open, int64_t until_wall_ms);
void change_load(struct engine *e, const struct event *ev);
void change_user_add(struct engine *e, const struct event *ev);
void change_user_enable(struct engine *e, uint32_t user, bool enabled);
void change_user_remove(struct engine *e, uint32_t user);
void change_user_anew(struct engine *e, uint32_t user);
void change_line_add(struct engine *e, uint32_t line, uint32_t connector, uint32_t user);
void change_line_move(struct engine *e, uint32_t line, uint32_t user);
void change_line_remove(struct engine *e, uint32_t line);
void change_restore_user(struct engine *e, const struct user_record *r);
void change_restore_line(struct engine *e, const struct line_record *r);

bool engine_has_user(const struct engine *e, uint32_t user);
bool engine_has_line(const struct engine *e, uint32_t line);

#endif
