/* rig.h - an event socket connector with two lines, and frames as mod_event_socket writes them: what it sent
 * and told, as text. */
#ifndef TESTS_FREESWITCH_RIG_H
#define TESTS_FREESWITCH_RIG_H

#include "test.h"

#include "source/freeswitch/freeswitch.h"

enum { RIG_LINE = 41, RIG_OTHER = 42 };

struct rig {
	struct source *s;
	struct secret password;
	int64_t now_ms;
	uint32_t channel;
	char said[800]; /* obs, events and sent bytes since the last look */
};

#define RIG_ASKS "<api show channels as json> <api show registrations as json>"
#define RIG_EVENTS                                                                                 \
	"<event plain CHANNEL_CALLSTATE DEVICE_STATE PRESENCE_IN CUSTOM sofia::register "          \
	"sofia::unregister sofia::expire>"

/* Connected, with lines 1001 and 1002@b.example; not logged in. */
void rig_open(struct rig *r, const char *username, bool reads_profile);
void rig_close(struct rig *r);
void rig_connect(struct rig *r);
/* Takes over what the connector has to give out. */
void rig_drain(struct rig *r);
/* That is all it has said since the last look. */
void rig_said(struct rig *r, const char *wanted);
void rig_feed(struct rig *r, const char *bytes);
void rig_frame(struct rig *r, const char *type, const char *body);
/* To its oldest command. */
void rig_reply(struct rig *r, const char *text);
void rig_log_in(struct rig *r);
/* Logged in, both lines idle, nothing registered. */
void rig_up(struct rig *r, bool reads_profile);
/* Events: the state of a channel, the presence of 1001. */
void rig_channel(struct rig *r, const char *uuid, const char *who, const char *direction,
		 const char *state);
void rig_presence(struct rig *r, const char *rpid, const char *status, const char *more);

#endif
