/* rig.h - an AMI connector and a scripted manager: what it sent, and what it told, as text. */
#ifndef TESTS_AMI_RIG_H
#define TESTS_AMI_RIG_H

#include "base/buf.h"
#include "source/ami/ami.h"

struct rig {
	struct source *s;
	struct secret password;
	int64_t now_ms;
	uint32_t channel;
	struct buf sent; /* what went to the PBX since the last look */
	struct buf kept; /* the names that lamps are lit under, as they were told */
	struct buf told; /* one line for each obs, up, down, lost, note, written since the last look */
};

struct rig_setup {
	const char *context;
	const char *const *dnd_while;
	uint32_t dnd_while_n;
	bool tls, profile_off, lamps;
};

/* setup NULL: plain, profile both. */
void rig_open(struct rig *r, const struct rig_setup *setup);
void rig_close(struct rig *r);
void rig_line(struct rig *r, uint32_t line, const char *number);
void rig_feed(struct rig *r, enum source_feed_kind kind, const char *bytes);
/* The text with \n as CR LF; "@" after "ActionID: " becomes the id of the last action sent whose name is
 * given after it, as in "ActionID: @Login". */
void rig_say(struct rig *r, const char *text);
void rig_pass(struct rig *r, int64_t ms);
/* What was told or sent since the last look; valid until the next. */
const char *rig_told(struct rig *r);
const char *rig_sent(struct rig *r);
/* Connects, logs in and turns events on; the first list is asked for. rights NULL: all. */
void rig_up(struct rig *r, const char *rights);
/* Answers the three lists with these members, whatever has been asked. */
void rig_lists(struct rig *r, const char *hints, const char *devices, const char *presences);

#define RIG_HINT(exten, status)                                                                      \
	"Event: ExtensionStatus\nExten: " exten "\nContext: ext-local\nHint: PJSIP/" exten             \
	"&Custom:DND" exten ",CustomPresence:" exten "\nStatus: " status "\nStatusText: x\n"
#define RIG_DEVICE(name, state) "Event: DeviceStateChange\nDevice: " name "\nState: " state "\n"
#define RIG_PRESENCE(name, status, subtype)                                                          \
	"Event: PresenceStateChange\nPresentity: " name "\nStatus: " status "\nSubtype: " subtype      \
	"\nMessage: \n"

#endif
