/* source.h - for those who write a connector: the machine that turns a PBX's bytes into obs.
 *
 * A source is a sans-I/O machine with the four verbs of the house: feed bytes in, tick time, ask
 * when it is next due, drain what comes out. It never reads a clock, opens a socket, allocates per
 * event without bound, or logs. It translates; it never decides presence. Passing `now_ms` values
 * must not decrease.
 *
 * Channels are the machine's names for its connections: it asks for one (OUT_CONNECT, OUT_LISTEN)
 * with an id of its own choice, the shell opens it and feeds back what happens there. After
 * OUT_CLOSE nothing more of that channel is fed. After source_close nothing comes out any more.
 *
 * Lines are handed in with the engine's id as handle; every obs carries that id.
 *
 * Of the profile a source reports all that the PBX says, what it wrote itself included: what is an
 * echo, who was last and what must be written again is the engine's to tell (core/mirror.c). */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/secret.h"
#include "base/slice.h"
#include "core/types.h"

struct conf_connector;

enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS, TRANSPORT_COUNT };

enum { SOURCE_NAME_MAX = 128, SOURCE_HOST_MAX = 256, SOURCE_URI_MAX = 512, SOURCE_LISTS_MAX = 64 };

/* A connector's settings, as read from the configuration. Strings are borrowed for the duration of
 * the open call only; the machine copies what it keeps. */
struct source_config {
	const char *name;   /* as in offhook.yaml, for notes */
	uint32_t connector; /* id in every obs */
	uint16_t account;
	const char *server; /* SIP: URI; others host:port */
	const char *username;
	const struct secret *password;
	const char *package;        /* SIP: "dialog" or "presence" */
	const char *const *lists;   /* SIP: resource list URIs */
	uint32_t lists_n;
	const char *listen;         /* SIP: own address for PBXs that connect back, or "" */
	bool tls;                   /* others than SIP: over TLS */
	const struct secret *token; /* webhook; may be NULL */
	bool reads_profile;         /* profile: read or both */
	bool writes_profile;        /* profile: write or both */
	const struct conf_connector *settings; /* what only this type has; NULL: the defaults */
	uint32_t lines_max;
	uint64_t seed;              /* for jitter, tags and call ids */
	const struct source_tuning *tuning; /* NULL: the standard's values */
};

/* Timers that tests and administrators of odd PBXs may change; 0 keeps the default. */
struct source_tuning {
	int32_t expires_s;            /* asked subscription life, default 3600 */
	int32_t outstanding_max;      /* SUBSCRIBEs in flight at a time, default 50 */
	int32_t first_notify_ms;      /* default 32,000 (RFC 6665 4.1.2.4, timer N) */
};

enum source_feed_kind {
	FEED_CONNECTED, /* channel is up; .local and .peer are set, .transport where it was open */
	FEED_BYTES,     /* stream: any cut; datagram: one message */
	FEED_CLOSED,    /* by the peer or the system, or the attempt failed; .text says why */
	FEED_ACCEPTED,  /* listener .channel got a new connection: it is channel .accepted from now on */
	FEED_REQUEST,   /* webhook: .channel names the request, .text the line's number in its path ("":
			   none), .token what it presented, .bytes its body; answered by one OUT_ANSWER */
};

struct address {
	char host[64]; /* numeric, no brackets */
	uint16_t port;
};

struct source_feed {
	uint8_t kind; /* enum source_feed_kind */
	uint32_t channel;
	uint32_t accepted;
	uint8_t transport; /* FEED_CONNECTED of an OUT_CONNECT with open_transport */
	struct address local, peer;
	struct slice bytes;
	const char *text;
	struct slice token; /* FEED_REQUEST; compare in constant time, never copy into a text */
	bool no_json; /* FEED_REQUEST: it says that its body is of another type */
	struct slice signature; /* FEED_REQUEST: the X-Signature header, in place of a token */
};

enum source_out_kind {
	OUT_CONNECT, /* open .channel to .host:.port over .transport (UDP: a bound socket), or with
			.open_transport over what DNS says (RFC 3263 4.1): .transport when it says nothing,
			and nothing but TLS when that is TLS */
	OUT_LISTEN,  /* listen on .host:.port over .transport as .channel */
	OUT_SEND,    /* .bytes to .channel; on a UDP listener to .peer. Valid until the next call */
	OUT_CLOSE,
	OUT_OBS,       /* .obs */
	OUT_UP,        /* the link stands and the PBX has answered */
	OUT_DOWN,      /* the link is lost */
	OUT_LINE_LOST, /* .line */
	OUT_NOTE,      /* something a person should know: .note, .line, .text */
	OUT_WRITTEN,   /* what became of write_profile: .line, .generation, .result, .text */
	OUT_KEEP,      /* .line's lamp is lit at the PBX under the name .text; "": it is not any more */
	OUT_ANSWER,    /* webhook: request .channel is answered with .status and .text */
};

/* A profile to be written to the PBX for one line. The line's last write is the one that counts. */
struct profile_write {
	uint8_t state;         /* enum profile */
	int64_t until_wall_ms; /* TIME_NEVER: no end; the engine writes Available when it has come */
	uint32_t generation;   /* comes back in OUT_WRITTEN */
	bool dnd_ours; /* before a restart we have switched on the Do Not Disturb that is on, if one is */
};

/* Codes of notes and of counters are one list; every refused foreign input counts somewhere. */
enum note {
#define NOTE(id, name, level, text) NOTE_##id,
#include "source/notes.def"
	NOTE_COUNT
};

struct source_out {
	uint8_t kind;      /* enum source_out_kind */
	uint8_t transport; /* enum transport */
	bool open_transport;
	uint8_t note;      /* enum note */
	uint32_t channel;
	uint32_t line;
	char host[SOURCE_HOST_MAX]; /* a name or a numeric address; port 0: ask SRV (RFC 3263) */
	uint16_t port;
	struct address peer;
	struct slice bytes;
	struct obs obs;
	uint32_t generation; /* OUT_WRITTEN */
	uint8_t result;      /* OUT_WRITTEN: enum write_result */
	uint16_t status;     /* OUT_ANSWER: HTTP */
	char text[160]; /* OUT_NOTE, OUT_WRITTEN, OUT_ANSWER: detail without secrets or callers' numbers */
};

/* What one line of the connector is doing, for check, explain and the console. */
enum line_link { LINE_IDLE, LINE_ASKING, LINE_LIVE, LINE_WAITING, LINE_REFUSED, LINE_LINK_COUNT };

/* What came of the last `probe` for the link ... */
enum source_probe {
	SOURCE_PROBE_NEVER,
	SOURCE_PROBE_ASKED,    /* nothing heard since */
	SOURCE_PROBE_ANSWERED,
	SOURCE_PROBE_FAILED,   /* the link is lost, or cannot be had: .state says why */
	SOURCE_PROBE_NOBODY,   /* nobody can be asked: .told_ms counts */
};
/* ... and for a line that is live. QUEUED: its turn has not come. */
enum line_ask { LINE_ASK_NONE, LINE_ASK_QUEUED, LINE_ASK_SENT };

struct source_line_view {
	uint8_t link; /* enum line_link */
	uint16_t last_status; /* last answer of the PBX, 0: none */
	int64_t last_report_ms;
	bool in_list;
	uint8_t ask; /* enum line_ask */
	bool awaited; /* webhook: nothing has come yet, and nothing is overdue */
	char reason[96]; /* LINE_WAITING, LINE_REFUSED: why, in words */
	char lamp[96]; /* the lamps that show the line's user, and how each stands at the PBX; "": none */
	char lamp_refusal[96]; /* why one does not show what it shall; "": all do */
	char profile_text[64]; /* what stands beside the profile at the PBX, foreign bytes; "": nothing */
};

struct source_view {
	bool up;
	bool logged_in;
	char missing[128]; /* rights that the configuration needs and the PBX does not give; "": none */
	uint32_t lines, live, refused;
	uint64_t counters[NOTE_COUNT];
	uint64_t received, sent; /* messages */
	uint8_t probe;	 /* enum source_probe */
	int64_t told_ms; /* webhook: when a request was last taken; 0: never */
	char state[96];
};

struct source;

/* Where a PBX of a type is looked for over a transport, when the configuration names no port. */
struct source_place {
	const char *service; /* SRV name such as "_sip._tcp"; NULL: none is asked */
	uint16_t port;
	const char *naptr; /* what NAPTR calls the transport, such as "SIP+D2T"; NULL: is never open */
};

struct source_ops {
	const char *type; /* the word in the configuration */
	struct source_place places[TRANSPORT_COUNT];
	MUST_CHECK enum err (*open)(struct source **ret, const struct source_config *config, int64_t now_ms);
	void (*close)(struct source *s); /* frees; takes NULL */
	/* number as in `connector/number`. ERR_EXISTS, ERR_LIMIT, ERR_MALFORMED. */
	MUST_CHECK enum err (*add_line)(struct source *s, uint32_t line, struct slice number);
	void (*remove_line)(struct source *s, uint32_t line);
	void (*resync_line)(struct source *s, uint32_t line);
	/* A person asks whether the PBX answers, now: link and lines are asked, whatever their own rhythm,
	 * and a lost link is tried. The views say what has come of it. NULL: nobody can be asked. */
	void (*probe)(struct source *s, int64_t now_ms);
	/* Answered by exactly one OUT_WRITTEN, unless OUT_DOWN or the line's removal comes before.
	 * NULL: this type holds no profile. */
	void (*write_profile)(struct source *s, uint32_t line, const struct profile_write *w);
	/* What the lamp of the line's user shows; the last word counts, and is repeated after each
	 * new log-in. NULL: this type has no lamps. */
	void (*show_lamp)(struct source *s, uint32_t line, enum lamp lamp);
	/* An earlier process lit the line's lamp under that name (OUT_KEEP); right after add_line. It stays
	 * as it is until show_lamp speaks. NULL: no name is needed. */
	void (*restore_lamp)(struct source *s, uint32_t line, struct slice name);
	void (*feed)(struct source *s, int64_t now_ms, const struct source_feed *in);
	void (*tick)(struct source *s, int64_t now_ms);
	int64_t (*next)(const struct source *s);
	bool (*drain)(struct source *s, struct source_out *ret);
	void (*view)(const struct source *s, struct source_view *ret);
	bool (*line_view)(const struct source *s, uint32_t line, struct source_line_view *ret);
};

const char *note_name(enum note n);  /* as in metrics: lower_case */
const char *note_text(enum note n);  /* for people */
int note_level(enum note n);         /* syslog priority 3..7 */
/* Bits 1 << enum profile of the configuration's words, which have been checked there. */
uint8_t source_profile_bits(const char *const *words, uint32_t n);
const struct source_ops *source_find(const char *type); /* NULL: no such connector type */

#endif
