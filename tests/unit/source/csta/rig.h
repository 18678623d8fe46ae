/* rig.h - a CSTA connector and a scripted switch: what it asked, and what it told, as text. */
#ifndef TESTS_CSTA_RIG_H
#define TESTS_CSTA_RIG_H

#include "base/buf.h"
#include "source/csta/csta.h"

enum { RIG_ASKED_MAX = 4096, RIG_KEYS_MAX = 26 };

/* A request as one line: its root, and the text of every leaf, as in "SetDoNotDisturb 201 true". */
struct rig_request {
	uint16_t invoke;
	char text[160];
};

struct rig {
	struct source *s;
	struct secret password;
	int64_t now_ms;
	uint32_t channel;
	bool is_up;
	struct csta_stream *stream; /* of what it sent */
	struct csta_message *message;
	struct xml_reader *xml;
	struct rig_request asked[RIG_ASKED_MAX]; /* not yet answered */
	uint32_t asked_n;
	uint8_t edition; /* of the namespace of what was sent last; 0: another */
	struct buf sent; /* one line for each frame since the last look; a reply's has its invoke id
			    before it */
	struct buf kept; /* the names that lamps are lit under, as they were told */
	struct buf
		told; /* one line for each obs, up, down, lost, note, written since the last look */
	uint64_t keys[RIG_KEYS_MAX]; /* of calls, in the order of appearance: a, b, c ... */
	uint32_t keys_n;
};

struct rig_setup {
	uint8_t session;      /* settings.def: start, register, none */
	int32_t edition;      /* 0: any */
	const char *username; /* NULL: offhook */
	const char *ns;
	const char *at, *get, *set, *until; /* NULL: the sixth edition's */
	const char *const *profiles;
	uint32_t profiles_n;
	const char *const *lamp_at, *const *lamp_states; /* none: no lamps */
	uint32_t lamp_at_n, lamp_states_n;
	const char *lamp_set, *lamp_get, *lamp_element; /* NULL: the standard's */
	const char *const *dnd_while;
	uint32_t dnd_while_n;
	int32_t outstanding;
	uint32_t lines_max; /* 0: 2000 */
	bool tls, profile_off;
};

/* setup NULL: a session with log-in, profile both. */
void rig_open(struct rig *r, const struct rig_setup *setup);
void rig_close(struct rig *r);
void rig_line(struct rig *r, uint32_t line, const char *number);
void rig_feed(struct rig *r, enum source_feed_kind kind, struct slice bytes);
/* A message of the switch; CSTA_EVENT is an event's invoke id. */
void rig_say(struct rig *r, uint16_t invoke, const char *xml);
void rig_event(struct rig *r, const char *xml);
/* Answers the oldest request whose line begins so; there must be one. */
void rig_answer(struct rig *r, const char *request, const char *xml);
bool rig_is_asked(struct rig *r, const char *request);
void rig_pass(struct rig *r, int64_t ms);
/* The same while the switch is heard all the time and renews the session. */
void rig_talk(struct rig *r, int64_t ms);
/* What was told or sent since the last look; valid until the next. */
const char *rig_told(struct rig *r);
const char *rig_sent(struct rig *r);
/* Waits until it connects, and lets it. */
void rig_connect(struct rig *r);
/* Connects and accepts the log-in, session 7, for 600 s. */
void rig_up(struct rig *r);
/* Answers all steps of a line but its snapshot: monitored, no DND, profile available. */
void rig_monitor(struct rig *r, const char *number, const char *xref);
void rig_steps(struct rig *r, const char *number);
/* infos: RIG_INFO ... */
void rig_snapshot(struct rig *r, const char *number, const char *infos);
/* One line 7, number 201, xref x1, up and idle, all looked at. */
void rig_open_one(struct rig *r, const struct rig_setup *setup);
/* The connector's view: how many lines are live, and what is missing. */
struct source_view rig_view(const struct rig *r);
/* The line is so, for that reason. */
void rig_is_line(const struct rig *r, uint32_t line, enum line_link link, const char *reason);

#define RIG_EVENT(name, xref, rest)                                                                \
	"<" name "Event><monitorCrossRefID>" xref "</monitorCrossRefID>" rest "</" name "Event>"
#define RIG_CONNECTION(element, call, device)                                                      \
	"<" element "><callID>" call "</callID><deviceID>" device "</deviceID></" element ">"
#define RIG_LOCAL(state) "<localConnectionInfo>" state "</localConnectionInfo>"
#define RIG_INFO(call, states)                                                                     \
	"<snapshotDeviceResponseInfo>" RIG_CONNECTION(                                             \
		"connectionIdentifier", call,                                                      \
		"201") "<localCallState><compoundCallState>" states                                \
		       "</compoundCallState></localCallState></snapshotDeviceResponseInfo>"
#define RIG_STATE(state) "<localConnectionState>" state "</localConnectionState>"
#define RIG_ERROR(category, value)                                                                 \
	"<CSTAErrorCode><" category ">" value "</" category "></CSTAErrorCode>"
#define RIG_MONITORED(xref)                                                                        \
	"<MonitorStartResponse><monitorCrossRefID>" xref                                           \
	"</monitorCrossRefID></MonitorStartResponse>"
#define RIG_UNKNOWN_DEVICE RIG_ERROR("operation", "invalidDeviceID")
#define RIG_NO_SERVICE RIG_ERROR("operation", "serviceNotSupported")

#endif
