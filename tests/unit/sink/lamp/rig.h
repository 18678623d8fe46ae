/* rig.h - the notifier, and a watcher that a test speaks for: what was sent to it, and what is kept
 * of it. */
#ifndef TESTS_LAMP_RIG_H
#define TESTS_LAMP_RIG_H

#include "test.h"

#include "proto/sip/digest.h"
#include "proto/sip/msg.h"
#include "sink/lamp/lamp.h"

enum { RIG_SENT_MAX = 400, RIG_KEPT_MAX = 16, RIG_ANA = 1 };

struct rig_sent {
	uint32_t channel;
	struct lamp_place peer;
	char *bytes;
	size_t n;
};

struct rig_kept {
	struct lamp_record r;
	char text[LAMP_TEXT_MAX];
	bool is;
};

struct rig {
	struct lamps *l;
	int64_t now;
	uint8_t transport;
	uint32_t channel;
	struct rig_sent sent[RIG_SENT_MAX];
	uint32_t sent_n, at;
	struct rig_kept kept[RIG_KEPT_MAX];
	uint32_t closed, notes;
	struct sip_msg m; /* the last one taken */
	unsigned branch;
	const char *nonce;
	char nonce_room[80];
};

struct rig_ask {
	const char *user, *event, *call_id, *to_tag, *extra;
	unsigned cseq;
	int expires; /* 0: 600; -1: none */
	bool same_branch;
};

void rig_open(struct rig *r, uint8_t transport, uint32_t watchers);
void rig_close(struct rig *r);
/* Forgets what was sent; what was not taken yet is lost. */
void rig_forget(struct rig *r);
/* Takes over what the notifier has to give out. */
void rig_drain(struct rig *r);
/* Lets time pass, in milliseconds. */
void rig_run(struct rig *r, int64_t ms);
void rig_bytes(struct rig *r, const char *text);
void rig_subscribe(struct rig *r, struct rig_ask a);
/* The next message that was sent; there must be one. Lives until the next is taken. */
const struct sip_msg *rig_take(struct rig *r);
bool rig_quiet(const struct rig *r);
/* The next one is a response: its status. */
uint16_t rig_status(struct rig *r);
bool rig_has(const struct sip_msg *m, const char *text);
/* The next one is a NOTIFY. */
const struct sip_msg *rig_notify(struct rig *r);
/* Answers the NOTIFY taken last. */
void rig_answer(struct rig *r, int code, const char *extra);
/* Subscribes, and answers the first NOTIFY. */
void rig_live(struct rig *r, struct rig_ask a);
uint32_t rig_watchers(const struct rig *r);
uint64_t rig_counted(const struct rig *r, enum lamp_note n);
void rig_show(struct rig *r, enum lamp lamp);

#endif
