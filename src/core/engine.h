/* engine.h - the presence engine: events in, actions out. The only door of src/core.
 *
 * A pure state machine: no I/O, clock, randomness, locale or allocation after engine_new. The same
 * events give the same actions. It is level-triggered: it compares what is desired with what is
 * confirmed, so a repeated report changes nothing and a lost one heals with the next.
 *
 * The rules are restated in doc/presence-rules.md; the tables stand in the .def files of this folder. */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include <stddef.h>

#include "base/err.h"
#include "core/types.h"

struct engine_limits {
	uint32_t accounts, connectors, users, lines;
	uint32_t calls; /* 0: lines + 1,024 */
};

/* Actions of one step. Work is bounded per step; what is left over stays due, so the caller steps
 * again (EV_TICK) while `more` is set. */
enum { ACTIONS_MAX = 64 };

struct actions {
	uint32_t n;
	bool more;
	struct action list[ACTIONS_MAX];
};

/* Refusals and repairs, counted; names in core/counters.def. */
enum engine_counter {
#define COUNTER(id, name, text) ENGINE_##id,
#include "core/counters.def"
	ENGINE_COUNTER_COUNT
};

struct engine;

MUST_CHECK enum err engine_new(struct engine **ret, const struct engine_limits *limits,
			       int64_t mono_ms, int64_t wall_ms);
void engine_free(struct engine *e);

/* Takes one event; ret is overwritten. Time in events must not decrease (mono_ms; wall_ms may). An
 * event that names an unknown object, or one too many, is counted and changes nothing. */
void engine_step(struct engine *e, const struct event *ev, struct actions *ret);
/* When EV_TICK is due, on the monotonic clock; TIME_NEVER when nothing is. */
int64_t engine_next(const struct engine *e);

/* ---- read-only views, for explain, console and metrics ---- */

enum line_sync {
	LINE_SYNCED,  /* its source has reported since the link came up */
	LINE_STANDING, /* last known state stands, within grace */
	LINE_EXPIRED, /* past grace: unknown */
	LINE_SYNC_COUNT
};

/* What became of the last write of the profile to the line's PBX. */
enum line_write { LINE_WRITE_NONE, LINE_WRITE_ASKED, LINE_WRITE_REFUSED };

/* What a line's PBX is lent while Teams shows something (lend.h). */
enum line_lend {
	LINE_LEND_NONE,
	LINE_LEND_HELD,     /* it is to hold .lent, which is nobody's own */
	LINE_LEND_RETURNED, /* .lent is being taken back, or its echo awaited */
	LINE_LEND_LEFT,     /* somebody has set something meanwhile: nothing before Teams is quiet */
};

struct line_view {
	uint32_t connector, user;
	uint8_t sync;     /* enum line_sync */
	uint8_t presence; /* what the line counts as */
	uint8_t call;     /* enum call_state, the busiest */
	uint8_t calls;
	bool dnd, registered;
	uint8_t forward; /* enum forward_target */
	int64_t since_mono_ms;   /* of the present state */
	int64_t seen_wall_ms;    /* last report, 0: never */
	bool reads_profile, writes_profile; /* the line's connector */
	uint8_t pbx_profile;     /* enum profile that the PBX holds, PROFILE_NONE: not known */
	uint8_t write;           /* enum line_write */
	uint8_t written;         /* enum profile; what .write is about */
	uint8_t lend;            /* enum line_lend */
	uint8_t lent;            /* enum profile; HELD, RETURNED */
};

/* Which input won, for explain. */
enum winner { WINNER_NOTHING, WINNER_LINE, WINNER_PROFILE };

struct user_view {
	uint16_t account;
	bool enabled, settled, leaving;
	uint8_t profile;          /* enum profile */
	int64_t profile_until_wall_ms, profile_order;
	uint8_t profile_presence; /* what the profile counts as */
	uint8_t combined;         /* enum presence */
	uint8_t winner;           /* enum winner */
	uint32_t winner_line;     /* WINNER_LINE */
	int64_t combined_since_mono_ms, combined_since_wall_ms;
	uint8_t desired;          /* enum session; after policy and dwell */
	uint8_t held;             /* enum session that Graph has confirmed */
	bool held_preferred;
	bool preferred_left;      /* the user put another in the place of our preferred state */
	int64_t lease_end_mono_ms; /* 0: none held */
	int64_t renew_mono_ms;
	uint8_t publish;          /* enum publish_state, core/publish.h */
	uint16_t last_status;
	uint32_t generation;
	int64_t retry_mono_ms;    /* backing off until, 0: not */
	uint8_t shown;          /* enum shown: what others see of what is held */
	uint8_t lamp;             /* enum lamp: what phones are shown of Teams */
	bool has_lamp;            /* false: LAMP_OFF is not for want of a read */
	bool conflict;            /* another application writes the same user */
	uint32_t first_line;      /* ID_NONE: none; engine_next_line_of */
	bool closed;              /* outside working hours */
	int64_t hours_until_wall_ms; /* when that changes; TIME_NEVER: there are none */
	uint8_t text;             /* enum text_cause of the status message */
	bool text_ours;           /* Teams may show one of ours */
	struct policy policy;     /* in force */
};

bool engine_user(const struct engine *e, uint32_t user, struct user_view *ret);
bool engine_line(const struct engine *e, uint32_t line, struct line_view *ret);
/* Nothing of ours is or may be in Teams for the user. */
bool engine_holds_nothing(const struct engine *e, uint32_t user);
/* The line after `line` of the same user, or ID_NONE. */
uint32_t engine_next_line_of(const struct engine *e, uint32_t line);
/* How the user would look in Teams under these rules, from what is known now; mode and dwell left aside. */
struct appearance {
	uint8_t session; /* enum session */
	bool preferred;
	uint8_t text;    /* enum text_cause */
};
bool engine_appearance(const struct engine *e, uint32_t user, const struct policy *p, bool closed,
		       struct appearance *ret);
bool engine_account_policy(const struct engine *e, uint16_t account, struct policy *ret);
uint64_t engine_counter(const struct engine *e, enum engine_counter c);
const char *engine_counter_name(enum engine_counter c);
/* Users by combined state, kept up to date; array of PRESENCE_COUNT. */
const uint32_t *engine_census(const struct engine *e, uint16_t account);
size_t engine_bytes(const struct engine *e);

#endif
