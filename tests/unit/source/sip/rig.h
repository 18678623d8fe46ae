/* rig.h - a SIP connector on the bench: the machine, simulated time, and a scripted PBX of few
 * words. Everything that comes out is gathered; a failed expectation fails the cmocka test. */
#ifndef TESTS_SOURCE_SIP_RIG_H
#define TESTS_SOURCE_SIP_RIG_H

#include "test.h"

#include "proto/sip/msg.h"
#include "source/source.h"

enum { RIG_SENT = 512, RIG_OBS = 512, RIG_BYTES = 1 << 16 };

struct rig_sent {
	uint32_t channel;
	struct address peer;
	size_t n;
	char *bytes;
};

struct rig_written {
	uint32_t line, generation;
	uint8_t result;
	char text[160];
};

/* A request of the machine, taken apart, with all that is needed to answer and to notify. */
struct rig_request {
	char *bytes;
	struct sip_msg m;
};

/* The PBX's end of a subscription. */
struct rig_dialog {
	char call_id[64], own[128], peer[128]; /* values of From and To of our NOTIFYs */
	uint32_t cseq;
	unsigned branch;
};

struct rig {
	struct source *s;
	int64_t now;
	uint8_t transport; /* asked for; rig_connect says that it has become this one */
	bool open_transport;
	bool dnd_ours; /* what the next writes say */
	uint32_t channel, listen_channel, connects, listens, closes, closed_channel;
	uint8_t listen_transport;
	uint16_t port;
	char host[SOURCE_HOST_MAX];
	uint32_t ups, downs, lost[RIG_SENT], lost_n;
	uint32_t notes[NOTE_COUNT];
	char note_text[NOTE_COUNT][160];
	struct rig_sent sent[RIG_SENT];
	uint32_t sent_n, sent_at;
	struct obs obs[RIG_OBS];
	uint32_t obs_n;
	struct rig_request requests[8]; /* a ring; a request stays valid for seven more */
	uint32_t requests_n;
	unsigned branch;
	bool presence;
	struct rig_written written[64];
	uint32_t written_n;
	char kept[160]; /* the name of line 7's lamp, as told last */
	uint32_t kept_n;
};

struct rig_options {
	const char *server, *package, *username, *password, *listen;
	const char *const *lists;
	uint32_t lists_n, lines_max;
	const char *packages[3]; /* rows; NULL: no more */
	bool reads_profile, writes_profile, feature_events, lamps;
	const char *dnd_while; /* one profile */
	struct source_tuning tuning;
};

void rig_open(struct rig *r, const struct rig_options *o);
void rig_close(struct rig *r);
void rig_add(struct rig *r, uint32_t line, const char *number);
void rig_remove(struct rig *r, uint32_t line);
/* What the lamp of the line's user shows, enum lamp. */
void rig_lamp(struct rig *r, uint32_t line, int lamp);
void rig_restore_lamp(struct rig *r, uint32_t line, const char *name);
void rig_resync(struct rig *r, uint32_t line);
void rig_probe(struct rig *r);
/* The channel asked for comes up: 10.0.0.9:5088 here, 10.0.0.1:5060 there. */
void rig_connect(struct rig *r);
void rig_drop(struct rig *r, const char *why);
/* Bytes from the PBX; _from: over UDP from another host, or on another channel. */
void rig_bytes(struct rig *r, const char *bytes, size_t n);
void rig_bytes_from(struct rig *r, uint32_t channel, const char *host, const char *bytes, size_t n);
void rig_accept(struct rig *r, uint32_t channel, const char *host);
/* Lets time pass, waking the machine whenever it wants. */
void rig_run(struct rig *r, int64_t ms);
/* The same, the PBX answering every OPTIONS; anything else sent fails the test. */
void rig_idle(struct rig *r, int64_t ms);
/* Lets time pass, answering OPTIONS, until the next SUBSCRIBE; fails after limit_ms. */
struct rig_request *rig_next_subscribe(struct rig *r, int64_t limit_ms);
/* The next thing sent, which must be this request; NULL method: any. */
struct rig_request *rig_take(struct rig *r, const char *method);
/* The next thing sent must be an answer: its status. */
uint16_t rig_answer(struct rig *r);
bool rig_quiet(const struct rig *r);
void rig_forget(struct rig *r); /* what was gathered so far */
/* Answers; headers: whole lines or "". */
void rig_reply(struct rig *r, const struct rig_request *q, uint16_t status, const char *headers);
struct rig_dialog rig_dialog(const struct rig_request *q, const char *tag);
/* NOTIFY with the next CSeq (or as d->cseq was set, plus one); returns the status it was answered.
 */
uint16_t rig_notify(struct rig *r, struct rig_dialog *d, const char *substate, const char *type,
		    const char *body);
uint16_t rig_notify_dialog(struct rig *r, struct rig_dialog *d, const char *body);
/* Takes a SUBSCRIBE, answers 200, notifies body: a line or list is live. */
struct rig_dialog rig_live(struct rig *r, const char *body);
/* The same for a package other than the main one. */
struct rig_dialog rig_live_side(struct rig *r, const char *event, const char *type, const char *body);
uint16_t rig_notify_event(struct rig *r, struct rig_dialog *d, const char *event, const char *type,
			  const char *body);
void rig_write(struct rig *r, uint32_t line, int profile, uint32_t generation);
/* The last OUT_WRITTEN, which must be the only one since rig_forget. */
const struct rig_written *rig_written(const struct rig *r);
/* A dialog-info document with one dialog; state NULL: none. */
const char *rig_info(unsigned version, const char *id, const char *direction, const char *state);
const char *rig_header(const struct rig_request *q, const char *name);
struct source_line_view rig_view(struct rig *r, uint32_t line);
struct source_view rig_source(struct rig *r);
/* The last call report of a line: state, -1 when there is none since rig_forget. */
int rig_call(const struct rig *r, uint32_t line);

#define SUBSTATE "active;expires=3600"

#endif
