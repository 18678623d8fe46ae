/* mivo.h - a stand-in for MiVoice Office 400's CSTA service: phones with calls, and a switch that
 * tells of them.
 *
 * Sans-I/O, with the four verbs of the house; time comes in as now_ms and must not decrease.
 * Everything random comes from the seed. It speaks CSTA III in XML over TCP (ECMA-323 Annex J.2)
 * with ECMA-354 sessions, reads XML with expat on its own and links nothing of src/source or
 * src/proto. How the real product reports and takes the user's profile is not public: the three
 * forms here are guesses to choose from, and so are those of its lamps. */
#ifndef SIM_MIVO_H
#define SIM_MIVO_H

#include "pbx.h"

enum mivo_profile_form {
	MIVO_PROFILE_ED6, /* PresenceStateEvent, Get- and SetPresenceState of the sixth edition */
	MIVO_PROFILE_PRIVATE, /* private data: UserPresence in a PrivateDataEvent; writes by Escape
			       */
	MIVO_PROFILE_REFUSED, /* no event, services refused */
	MIVO_PROFILE_FORMS
};

enum mivo_lamp_form {
	MIVO_LAMP_STANDARD, /* SetLampMode and GetLampMode */
	MIVO_LAMP_PRIVATE,  /* private data: KeyLamp in an Escape; nobody can ask */
	MIVO_LAMP_REFUSED,
	MIVO_LAMP_FORMS
};

enum mivo_lamp { MIVO_LAMP_OFF, MIVO_LAMP_STEADY, MIVO_LAMP_WINK, MIVO_LAMP_FLUTTER, MIVO_LAMP_MODES };

enum { MIVO_LAMPS_MAX = 16 }; /* of one phone, numbered from 1 */
enum { MIVO_PHONES_MAX = 4096, MIVO_MONITORS_MAX = 8192, MIVO_LINKS_MAX = 64 };

/* What may be changed while it runs. */
struct mivo_switches {
	uint8_t edition;      /* 3..6 */
	uint8_t profile_form; /* enum mivo_profile_form */
	uint8_t lamp_form;    /* enum mivo_lamp_form */
	bool no_namespace;
	bool dialing_ids;      /* N<123> rather than 123 */
	bool transferred;      /* TransferredEvent, with both letters */
	bool no_until;	       /* the profile has no end here: none is told, one that is set is refused */
	uint32_t monitors_max; /* licences; 0: no limit */
	int64_t slow_ms;       /* every message is that late */
	int64_t heartbeat_ms;  /* SystemStatus so often; 0: never */
	int64_t answer_ms;     /* a SystemStatus not answered so long ends the link */
	int64_t session_s;     /* a session not renewed so long ends the link */
	char prefix[16];       /* of element names, without the colon; "": none */
};

struct mivo_config {
	uint32_t phones, first;		 /* phone i has the number first + i */
	const char *username, *password; /* username NULL or "": no log-in is asked for */
	const char *login_element;	 /* NULL: SessionLoginInfo */
	bool session;			 /* no service without a session; always with a username */
	uint32_t calls_per_hour, talk_s; /* random calls; 0: none */
	uint64_t seed;
	struct mivo_switches switches;
};

struct mivo;

/* Sensible values: ed5, no prefix, 30 s heartbeat, 600 s session. */
struct mivo_switches mivo_switches_default(void);
/* The strings are copied. ERR_NO_MEMORY, ERR_LIMIT. */
MUST_CHECK enum err mivo_new(struct mivo **ret, const struct mivo_config *config, int64_t now_ms);
void mivo_free(struct mivo *m); /* takes NULL */
struct mivo_switches *mivo_switches(struct mivo *m);

void mivo_feed(struct mivo *m, int64_t now_ms, const struct pbx_feed *in);
void mivo_tick(struct mivo *m, int64_t now_ms);
int64_t mivo_next(const struct mivo *m);
bool mivo_drain(struct mivo *m, struct pbx_out *ret);

/* ---- the truth ---- */

uint32_t mivo_phones(const struct mivo *m);
uint32_t mivo_find(const struct mivo *m, uint32_t number); /* PBX_EXTERNAL: no phone of ours */
bool mivo_phone(const struct mivo *m, uint32_t phone, struct pbx_phone *ret);

/* As pbx.h's. A phone with DND or without registration is not rung: the call fails at the caller's.
 */
MUST_CHECK enum err mivo_call(struct mivo *m, int64_t now_ms, const struct pbx_call_plan *plan);
/* Of all calls of the phone. ERR_NOT_FOUND: there is none that this can be done to. */
MUST_CHECK enum err mivo_answer(struct mivo *m, int64_t now_ms, uint32_t phone);
MUST_CHECK enum err mivo_hangup(struct mivo *m, int64_t now_ms, uint32_t phone);
MUST_CHECK enum err mivo_hold(struct mivo *m, int64_t now_ms, uint32_t phone, bool on);
/* The phone's held call and its other one become one: without it, or with it. ERR_NOT_FOUND: not
 * two calls; ERR_LIMIT: too many people, or one of them would be in it twice. */
MUST_CHECK enum err mivo_transfer(struct mivo *m, int64_t now_ms, uint32_t phone);
MUST_CHECK enum err mivo_conference(struct mivo *m, int64_t now_ms, uint32_t phone);
/* The call that rings at the phone rings at another. */
MUST_CHECK enum err mivo_divert(struct mivo *m, int64_t now_ms, uint32_t phone, uint32_t to);
void mivo_set_registered(struct mivo *m, int64_t now_ms, uint32_t phone, bool on);
void mivo_set_dnd(struct mivo *m, int64_t now_ms, uint32_t phone, bool on);
/* until: when it ends, told as it is written here and kept until the profile is set anew; "": no end. */
void mivo_set_profile(struct mivo *m, int64_t now_ms, uint32_t phone, enum pbx_profile profile,
		      const char *until);
const char *mivo_profile_until(const struct mivo *m, uint32_t phone);
/* to: digits; "": not forwarded. */
void mivo_set_forward(struct mivo *m, int64_t now_ms, uint32_t phone, const char *to);

/* Lamp 1..MIVO_LAMPS_MAX of the phone; another, or no phone: MIVO_LAMP_MODES. */
enum mivo_lamp mivo_lamp(const struct mivo *m, uint32_t phone, uint32_t lamp);
void mivo_set_lamp(struct mivo *m, int64_t now_ms, uint32_t phone, uint32_t lamp, enum mivo_lamp to);
const char *mivo_lamp_name(enum mivo_lamp l); /* in the standard's words */

/* ---- misbehaviour ---- */

enum mivo_fault_kind {
	MIVO_FAULT_NONE,	  /* ends all that is still to come */
	MIVO_FAULT_SILENT,	  /* for .ms nothing is said */
	MIVO_FAULT_WITHHOLD,	  /* .count events are not told */
	MIVO_FAULT_TWICE,	  /* .count events are told twice */
	MIVO_FAULT_UNKNOWN_EVENT, /* every monitor gets an event of no known name */
	MIVO_FAULT_DROP_LINKS,
	MIVO_FAULT_GARBAGE,	    /* bytes that are no frame, on every link */
	MIVO_FAULT_BROKEN_XML,	    /* a good frame round broken XML, on every link */
	MIVO_FAULT_WRONG_LENGTH,    /* .count messages say a length that is one too short */
	MIVO_FAULT_STOP_MONITOR,    /* of .phone, or all: MonitorStop comes from the switch */
	MIVO_FAULT_HEARTBEAT,	    /* a SystemStatus now */
	MIVO_FAULT_REFUSE_MONITORS, /* .count MonitorStarts are refused */
	MIVO_FAULT_REFUSE_LOGINS,   /* .count sessions are refused */
	MIVO_FAULT_REFUSE_WRITES,   /* .count Set services are refused */
	MIVO_FAULT_END_SESSION,	    /* ApplicationSessionTerminated on every link */
	MIVO_FAULT_COUNT
};

struct mivo_fault {
	uint8_t kind;
	uint32_t phone; /* index; PBX_EXTERNAL: any */
	uint32_t count;
	int64_t ms;
};

void mivo_fault(struct mivo *m, int64_t now_ms, const struct mivo_fault *f);
const char *mivo_fault_name(enum mivo_fault_kind k);
enum mivo_restart_mode {
	MIVO_KEEP,	/* calls go on */
	MIVO_END_CALLS, /* untold */
	MIVO_FORGET,	/* DND, profile, forwarding and lamps too */
};

/* Links drop at once; for down_ms what is opened is closed. */
void mivo_restart(struct mivo *m, int64_t now_ms, int64_t down_ms, enum mivo_restart_mode mode);
void mivo_calm(struct mivo *m, int64_t now_ms);

struct mivo_counters {
	uint64_t frames_in, frames_out, malformed, requests, refused, events, calls, logins, writes,
		lamps, heartbeats, beats_answered; /* lamps: that an application has set */
	uint32_t links, sessions, monitors;
};

void mivo_count(const struct mivo *m, struct mivo_counters *ret);

#endif
