/* types.h - the plain values that cross the seams: obs, event, action, outcome.
 *
 * Fixed size, no pointers, copied by value. Objects are named by small integer ids that the
 * directory (core/directory.h) hands out; names never cross a seam. Times: mono_ms runs on a clock
 * that never steps and never decreases; wall_ms is UTC milliseconds since 1970 and may jump. */
#ifndef CORE_TYPES_H
#define CORE_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#define ID_NONE UINT32_MAX
#define HOURS_MAX 1024 /* different working hours */
#define TIME_NEVER INT64_MAX

enum presence {
#define PRESENCE(id, name, label) PRESENCE_##id,
#include "core/names.def"
	PRESENCE_COUNT
};

enum profile {
#define PROFILE(id, name, label, reads_as) PROFILE_##id,
#include "core/names.def"
	PROFILE_COUNT,
	PROFILE_NONE = PROFILE_COUNT, /* a PBX that makes no statement */
};

/* What we hold in Teams for one user: none, or one of the pairs that setPresence takes. */
enum session {
#define SESSION(id, name, availability, activity, shows) SESSION_##id,
#include "core/names.def"
	SESSION_COUNT
};

/* ---- seam 1: what a source saw ---- */

enum call_state {
	CALL_GONE,       /* no call, or this call has ended */
	CALL_RINGING,    /* incoming, not answered */
	CALL_DIALING,    /* placed by the user, from the first `trying` on */
	CALL_TALKING,    /* answered */
	CALL_HELD,       /* on hold: still a call */
	CALL_CONFERENCE, /* more than one other party */
	CALL_COUNT
};

enum obs_kind {
	OBS_CALL,         /* call state of a line */
	OBS_DND,          /* Do Not Disturb of a line, set at the PBX */
	OBS_FORWARD,      /* forwarding of a line */
	OBS_PROFILE,      /* the user's profile: from a PBX, or set by a person (connector ID_NONE) */
	OBS_REGISTRATION, /* the phone is there or not */
	OBS_READBACK,     /* what Teams shows for the user */
	OBS_COUNT
};

/* Who can have made the pair that Teams shows. Graph tells the aggregate only, never its makers
 * (facts/graph.md 5); some pairs give them away. */
enum seen_origin {
	SEEN_UNKNOWN, /* words that no page lists, or none */
	SEEN_SESSION, /* a session's: in a call, in a meeting, presenting, idle */
	SEEN_HAND,    /* only a preferred state's: be right back, appear offline */
	SEEN_EITHER,
	SEEN_NOBODY,  /* there is no session at all, so not ours either */
	SEEN_ORIGIN_COUNT
};

/* What the pair is about, as far as a lamp cares. */
enum seen_activity {
	ACTIVITY_UNREAD, /* nothing was read yet */
	ACTIVITY_OTHER,
	ACTIVITY_CALL,
	ACTIVITY_CONFERENCE,
	ACTIVITY_MEETING,
	ACTIVITY_PRESENTING,
	ACTIVITY_DND, /* by hand, focusing, urgent interruptions only */
	ACTIVITY_COUNT
};

/* What a phone's lamp says of one user's Teams: never what we hold there ourselves. */
enum lamp {
#define LAMP(id, name, label) LAMP_##id,
#include "core/names.def"
	LAMP_COUNT
};

/* A read judges only what was accepted this long before it left: Graph shows a change "at once or
 * nearly". */
enum { READBACK_AFTER_MS = 1000 };

/* What others see of the session that we hold. */
enum shown {
#define SHOWN(id, name, sentence) SHOWN_##id,
#include "core/names.def"
	SHOWN_COUNT
};

/* What became of a profile that was to be written to a PBX. */
enum write_result {
	WRITE_ACCEPTED,
	WRITE_REFUSED, /* the PBX will not: shown to the user, tried again when something changes */
	WRITE_UNSURE,  /* no answer: it may hold it */
	WRITE_RESULT_COUNT
};

/* How much a call report says. A FULL report states the whole line: it drops every other call, and
 * it synchronises the line. A document with several calls is one FULL report of its busiest call,
 * then PARTIAL ones, so that no state in between is lower than the document's. */
enum obs_scope { SCOPE_FULL, SCOPE_PARTIAL, SCOPE_GONE };

enum forward_target { FORWARD_NONE, FORWARD_VOICEMAIL, FORWARD_INTERNAL, FORWARD_EXTERNAL };

struct obs {
	uint8_t kind;  /* enum obs_kind */
	uint8_t scope; /* enum obs_scope: OBS_CALL; OBS_PROFILE: FULL what the PBX holds, PARTIAL a change */
	uint16_t account;
	uint32_t connector; /* ID_NONE: an operator or the user */
	uint32_t line;      /* ID_NONE for OBS_READBACK, and for OBS_PROFILE set by a person */
	uint32_t user;      /* ID_NONE: the line's user */
	uint64_t call_key;  /* hash of what names the call within the line; 0: the line as a whole */
	int64_t order;      /* OBS_PROFILE: wall_ms of the change at its origin, 0: now */
	union {
		uint8_t call;    /* enum call_state */
		bool on;         /* OBS_DND */
		bool registered; /* OBS_REGISTRATION */
		uint8_t forward; /* enum forward_target */
		struct {
			uint8_t state;         /* enum profile; PROFILE_NONE with FULL only */
			int64_t until_wall_ms; /* TIME_NEVER: no end */
		} profile;
		struct {
			uint8_t presence;      /* enum presence */
			uint8_t origin;        /* enum seen_origin */
			uint8_t activity;      /* enum seen_activity */
			int64_t asked_mono_ms; /* when the question left */
			bool proven; /* this process has learned what it holds there for this person */
		} readback;
	};
};

/* ---- events: the only way anything reaches the engine ---- */

enum precedence { PRECEDENCE_CLOUDLINK, PRECEDENCE_CALL_FIRST };
enum ringing { RINGING_IGNORE, RINGING_BUSY };
enum busy_meaning { BUSY_IN_A_CALL, BUSY_DND };
enum dnd_meaning { DND_PRESENTING, DND_PREFERRED };
enum not_available { NOT_AVAILABLE_OFFLINE, NOT_AVAILABLE_AWAY, NOT_AVAILABLE_DND };
/* What happens outside working hours. */
enum outside { OUTSIDE_CLEAR, OUTSIDE_NOTHING };
/* Why a person has a status message of ours. */
enum text_cause {
	TEXT_NONE,
#define TEXT(id, key, absence) TEXT_##id,
#include "core/texts.def"
	TEXT_COUNT,
	TEXT_LEFT_OVER = TEXT_COUNT, /* set by an earlier process, for a reason nobody remembers */
};
enum direction { DIRECTION_TO_TEAMS, DIRECTION_TO_PHONES, DIRECTION_BOTH };
enum account_mode { MODE_LIVE, MODE_DRY_RUN, MODE_OFF };

/* One account's rules, or one user's where they differ. */
struct policy {
	uint8_t precedence;    /* enum precedence */
	uint8_t ringing;       /* enum ringing */
	uint8_t busy;          /* enum busy_meaning */
	uint8_t dnd;           /* enum dnd_meaning */
	uint8_t not_available; /* enum not_available */
	uint8_t mode;          /* enum account_mode */
	uint8_t outside;       /* enum outside */
	uint16_t hours;        /* whose working hours, by EV_HOURS; 0: always open */
	uint16_t texts;        /* a bit for each enum text_cause that has a text */
	uint16_t text_set;     /* which texts: the shell's own number */
	uint8_t direction;     /* enum direction */
	uint8_t lend;          /* enum profile that PBXs hold while Teams shows something, AVAILABLE: none */
	uint8_t lend_while;    /* ... of these: a bit for each enum lamp */
	int32_t settle_ms;     /* a state must last this long before it is published; 0..600,000 */
	int32_t grace_ms;      /* how long a lost line's last state stands; 0..3,600,000 */
	int32_t lease_ms;      /* 300,000..14,400,000 (PT5M..PT4H) */
};

enum event_kind {
	EV_TICK,           /* time only */
	EV_OBS,            /* .obs */
	EV_CONNECTOR_UP,   /* .connector: link is there; lines synchronise one by one by FULL reports */
	EV_CONNECTOR_DOWN, /* .connector: link lost: its lines are no longer synchronised */
	EV_LINE_LOST,      /* .line: this line's reports ended, the link stands */
	EV_CONNECTOR_SET,  /* .connector_set: what it does with profiles; without one: nothing */
	EV_WRITTEN,        /* .written: what became of an ACT_PROFILE_WRITE */
	EV_OUTCOME,        /* .outcome */
	EV_POLICY,         /* .policy_set: an account's rules */
	EV_USER_ADD,       /* .user_add; a known user takes over enabled and policy, and stays */
	EV_USER_ENABLE,    /* .user_enable */
	EV_USER_REMOVE,    /* .user: clear what is ours once, then ACT_USER_GONE */
	EV_USER_ANEW,      /* .user: another tenant or app from now on, where nothing is held yet */
	EV_LINE_ADD,       /* .line_add; user ID_NONE: watched, belongs to nobody */
	EV_LINE_MOVE,      /* .line_add: the line takes its state along to .user */
	EV_LINE_REMOVE,    /* .line */
	EV_HOURS,          /* .hours_set: working hours open or close */
	EV_TEXT,           /* .text_state: whether Teams may show a status message of ours */
	EV_LOAD,           /* .load: how long an account's leases shall be */
	EV_RESTORE_USER,   /* .user_record from the store, after EV_USER_ADD */
	EV_RESTORE_LINE,   /* .line_record from the store, after EV_LINE_ADD */
	EV_COUNT
};

/* Whose the user-preferred state in Teams is, as far as we know. */
enum preferred_mark {
	PREFERRED_NOT,
	PREFERRED_OURS, /* we set it, and give it back while it still shows */
	PREFERRED_LEFT, /* we set it and the user put another in its place: left alone until our cause ends */
	PREFERRED_MARK_COUNT
};

/* What the store keeps of a user; see ACT_SAVE_USER. */
struct user_record {
	uint32_t user;
	uint8_t profile;
	uint8_t session;      /* enum session that may be held in Teams */
	uint8_t preferred;    /* enum preferred_mark */
	bool sure;            /* Graph has confirmed .session, and nothing else was given out since */
	int64_t profile_until_wall_ms;
	int64_t profile_order;     /* wall_ms of the profile's change */
	int64_t lease_end_wall_ms; /* when the session ends by itself at the latest, 0: none held */
};

/* What the store keeps of a line: its last known state. */
struct line_record {
	uint32_t line;
	uint8_t call; /* enum call_state, the busiest */
	bool dnd;
	bool registered;
	bool known;
	uint8_t pbx_profile; /* enum profile that the PBX was last known to hold, PROFILE_NONE: not known */
	uint8_t lent; /* enum profile that the PBX holds because Teams showed a call, AVAILABLE: none;
			 PROFILE_NONE: the Do Not Disturb that came with one */
	int64_t seen_wall_ms;
};

enum outcome_class {
	OUTCOME_ACCEPTED,  /* Graph holds (or has cleared) what the action said */
	OUTCOME_WITHDRAWN, /* never sent: a later action of the same user took its place */
	OUTCOME_UNSURE,    /* sent, no clear answer; the sink tries again with the current state */
	OUTCOME_DENIED,    /* refused for this user (400, 403, 404): engine backs off */
	OUTCOME_COUNT
};

struct outcome {
	uint32_t user;
	uint32_t generation; /* of the action that this answers */
	uint8_t class;       /* enum outcome_class */
	uint16_t http_status;
	int32_t retry_after_ms; /* OUTCOME_DENIED: wait at least this long; 0: as the engine likes */
	int64_t sent_mono_ms;   /* when the request left: the lease counts from here */
	bool preferred_gone;    /* our preferred state no longer showed: it was not set again */
	bool preferred_unseen;  /* ... or not given back: hidden, it may be there for the rest of its life */
	bool unasked; /* ACCEPTED without a request, though one was refused or put off before */
	bool first; /* the first answer for this person: what an earlier process held ends with it */
};

struct event {
	int64_t mono_ms;
	int64_t wall_ms;
	uint8_t kind; /* enum event_kind */
	union {
		struct obs obs;
		uint32_t connector;
		uint32_t line;
		uint32_t user;
		struct outcome outcome;
		struct {
			uint16_t account;
			struct policy policy;
		} policy_set;
		struct {
			uint32_t user;
			uint16_t account;
			bool enabled;
			bool has_policy; /* own rules instead of the account's */
			struct policy policy;
		} user_add;
		struct {
			uint32_t user;
			bool enabled;
		} user_enable;
		struct {
			uint32_t line;
			uint32_t connector;
			uint32_t user;
		} line_add;
		struct {
			uint32_t connector;
			bool reads_profile, writes_profile;
			bool can_write; /* it could, whatever the configuration says */
		} connector_set;
		struct {
			uint32_t line;
			uint32_t generation;
			uint8_t result; /* enum write_result */
		} written;
		struct {
			uint16_t hours;
			bool open;
			int64_t until_wall_ms; /* when that changes again, to explain only */
		} hours_set;
		struct {
			uint32_t user;
			bool ours;
		} text_state;
		struct {
			uint16_t account;
			bool deep;        /* overload: 5 minutes, so that what cannot be cleared ends */
			int32_t floor_ms; /* at least this, 0: as the policy says */
		} load;
		struct user_record user_record;
		struct line_record line_record;
	};
};

/* ---- seam 2: what is to be done ---- */

enum action_kind {
	ACT_HOLD,          /* Graph: hold .session for .lease_ms */
	ACT_CLEAR,         /* Graph: give our session (and preferred state, if ours) back */
	ACT_RESYNC_LINE,   /* source: a fresh subscription or snapshot of .line */
	ACT_SAVE_USER,     /* store: .user_record */
	ACT_SAVE_LINE,     /* store: .line_record */
	ACT_AUDIT,         /* store: .audit */
	ACT_PROFILE_WRITE, /* source: write .user_record's profile to the PBX for .line */
	ACT_LAMP,          /* sink: .user's lamp shows .lamp */
	ACT_READ_AGAIN,    /* sink: tell what Teams shows for .user, also when that has not changed */
	ACT_STATUS_TEXT,   /* shell, then sink: .text is the cause of the status message from now on */
	ACT_USER_GONE,     /* directory: .user's slot is free again */
	ACT_CHANGED,       /* admin: .user's explanation has changed */
	ACT_COUNT
};

/* What a Graph action is worth when the quota is short: rises first, then clears, then renewals. */
enum urgency { URGENCY_RISE, URGENCY_CLEAR, URGENCY_RENEW, URGENCY_COUNT };

enum audit_kind {
	AUDIT_COMBINED, /* a = old presence, b = new */
	AUDIT_HELD,     /* a = session, b = http status */
	AUDIT_CLEARED,  /* a = session that was held, b = http status */
	AUDIT_DENIED,   /* a = session wanted, b = http status */
	AUDIT_PROFILE,  /* a = old profile, b = new */
	AUDIT_SWITCHED, /* a = enabled */
	AUDIT_REMOVED,
	AUDIT_WRITE_REFUSED, /* a = profile that a PBX refused */
	AUDIT_PREFERRED_LEFT, /* the user put another preferred state in the place of ours */
	AUDIT_TEXT, /* a = enum text_cause */
	AUDIT_OVERWRITTEN, /* a = session of ours that is gone, b = presence seen instead */
	AUDIT_COUNT
};

struct action {
	uint8_t kind;    /* enum action_kind */
	uint8_t urgency; /* enum urgency; ACT_HOLD, ACT_CLEAR */
	uint8_t session; /* enum session; ACT_HOLD: to hold; ACT_CLEAR: last one that may be held */
	bool preferred;  /* ACT_HOLD: set the preferred DND too; ACT_CLEAR: give it back too */
	bool drop_preferred; /* ACT_HOLD without .preferred: give back the preferred state set before */
	bool preferred_again; /* with .preferred: it is ours already, renew it only while it shows */
	uint8_t lamp;     /* ACT_LAMP: enum lamp */
	bool may_be_held; /* ACT_CLEAR: false when no request of ours can have been applied */
	bool dnd_ours; /* ACT_PROFILE_WRITE: a Do Not Disturb that is on came with an earlier write */
	bool prove; /* ACT_CLEAR: to be sent whatever is known: its answer tells that nothing is held */
	uint16_t account;
	uint32_t user;
	uint32_t line;
	uint32_t connector;
	uint32_t generation; /* rises with every Graph action of the user */
	int32_t lease_ms;
	int32_t preferred_ms; /* life of the preferred state: the profile's end, or the lease */
	int64_t due_mono_ms; /* when the change behind it happened: for measured delay */
	union {
		struct user_record user_record;
		struct line_record line_record;
		struct {
			uint8_t cause; /* enum text_cause; TEXT_NONE: give back */
			uint16_t set;
			int64_t until_wall_ms; /* TIME_NEVER: nobody knows */
		} text;
		struct {
			uint8_t kind; /* enum audit_kind */
			uint16_t a, b;
			int64_t wall_ms;
		} audit;
	};
};

/* Lower-case outside names and labels, from names.def; "?" out of range. */
const char *presence_name(enum presence p);
const char *presence_label(enum presence p);
const char *profile_name(enum profile p);
const char *session_name(enum session s);
const char *session_availability(enum session s);
const char *session_activity(enum session s);
/* The key of its text; "none" for TEXT_NONE and what is left over. */
const char *text_cause_name(enum text_cause c);
const char *lamp_name(enum lamp v);
const char *lamp_label(enum lamp v); /* for people */
const char *shown_name(enum shown v);
const char *shown_sentence(enum shown v); /* for people; "" when there is nothing to say */
enum presence session_shows(enum session s);
enum presence profile_reads_as(enum profile p);
/* False when the word names no state; *ret untouched. */
bool presence_parse(const char *word, enum presence *ret);
bool profile_parse(const char *word, enum profile *ret);

#endif
