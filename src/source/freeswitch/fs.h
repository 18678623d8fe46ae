/* fs.h - private to this folder: a FreeSWITCH watched through its event socket.
 *
 *   freeswitch.c  the vtable, the connection, deadlines      session.c  log-in, commands, frames
 *   calls.c       which channels a line has                  report.c   events and tables into obs
 *
 * `show channels` reads a table that FreeSWITCH fills behind its events, so what an event said
 * within FRESH_MS beats what a snapshot says of the same channel, ended ones included; a snapshot
 * that met such a contradiction is taken again. */
#ifndef SOURCE_FREESWITCH_FS_H
#define SOURCE_FREESWITCH_FS_H

#include "base/prng.h"
#include "base/secret.h"
#include "proto/esl/esl.h"
#include "source/calls.h"
#include "source/lines.h"
#include "source/uplink.h"

enum {
	REPLY_MS = 20 * 1000,
	LOGIN_MS = 20 * 1000,
	IDLE_MS = 30 * 1000,	     /* nothing heard for so long: ask */
	SNAPSHOT_MS = 5 * 60 * 1000, /* however quiet: events may be lost */
	SNAPSHOT_GAP_MS = 5 * 1000,  /* between two that are asked for */
	FRESH_MS = 5 * 1000,
	REGISTRATIONS_GAP_MS = 2 * 1000,
	LOGIN_SLOW_MS = 5 * 60 * 1000,
	ACL_SLOW_MS = 60 * 1000,
	DND_KEPT_MS = 2 * 60 * 1000, /* nobody can be asked for it: kept over a short outage */
	COMMANDS_MAX = 8,
};

enum fs_command { FS_LOGIN, FS_EVENTS, FS_CHANNELS, FS_REGISTRATIONS, FS_PROBE };

struct fs_line {
	bool synced, dnd, registered, in_table;
	uint8_t profile; /* last told, PROFILE_COUNT: none */
	int64_t report_ms;
};

struct freeswitch {
	uint32_t connector;
	uint16_t account;
	bool reads_profile;
	uint64_t seed;
	int64_t now_ms;
	struct prng prng;
	char username[256];
	struct secret password;
	struct outbox out;
	struct uplink link;
	struct esl_stream stream;
	bool was_up, said_login, login_refused;
	uint8_t commands[COMMANDS_MAX]; /* unanswered, oldest first */
	uint32_t commands_n;
	int64_t asked_ms; /* when the oldest was sent, or the one before it answered */
	bool channels_denied, registrations_denied, contradicted;
	bool probing; /* a person asks: the table of channels is to come */
	int64_t snapshot_due_ms, snapshot_ms; /* next, last asked */
	int64_t registrations_due_ms;
	int64_t down_ms; /* when the link was last lost; INT64_MIN: never */
	uint64_t received;
	struct line_table table;
	struct fs_line *lines; /* by slot */
	struct call_table calls; /* an ended one is kept until no snapshot can bring it back */
	uint32_t rows; /* of the table being read */
};

/* session.c */
void fs_session_start(struct freeswitch *f);
void fs_session_end(struct freeswitch *f);
void fs_session_bytes(struct freeswitch *f, struct slice bytes);
void fs_send(struct freeswitch *f, enum fs_command what);
bool fs_waits_for(const struct freeswitch *f, enum fs_command what);
/* Closes the connection; the session's end follows. */
void fs_drop(struct freeswitch *f, enum note n, const char *why, int64_t wait_ms);
/* As soon as the gap between two allows. */
void fs_ask_snapshot(struct freeswitch *f, int64_t in_ms);

/* calls.c */
uint64_t fs_key(const struct freeswitch *f, const char *uuid);
/* CALL_NONE when there is no room. */
uint32_t fs_call_add(struct freeswitch *f, uint64_t key, uint32_t slot);
/* Its last event is so young that a snapshot may not know of it. */
bool fs_call_is_fresh(const struct freeswitch *f, const struct line_call *c);

/* report.c */
/* The line of user@domain, or of a channel's name; LINE_NONE: none of ours. */
uint32_t fs_line_of(const struct freeswitch *f, const char *presence_id, const char *channel_name);
void fs_event(struct freeswitch *f, const struct esl_frame *frame);
/* ERR_OK, or why the table cannot be used. */
enum err fs_take_channels(struct freeswitch *f, struct slice body);
enum err fs_take_registrations(struct freeswitch *f, struct slice body);

#endif
