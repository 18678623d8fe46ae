/* publish.h - private to this folder: publications of a line (RFC 3903). The profile is one, package
 * presence, a PIDF document with RPID. The lamp of the line's user is another, package dialog, of a
 * name of its own (teams-201): published for the line itself it would make the line busy. It exists from
 * when it is lit until a while after it went dark.
 *
 * A publication is soft state: what was written last is refreshed before it ends, published afresh
 * when the PBX does not know it any more, and again after a lost link. Level-triggered: `wanted` is
 * what the PBX shall hold; what is sent follows it. A line that is removed takes its publication
 * back; at a shut-down it is left to end by itself. A lamp's entity tag is kept, so that the next
 * process goes on where this one ended. */
#ifndef SOURCE_SIP_PUBLISH_H
#define SOURCE_SIP_PUBLISH_H

#include "source/sip/agent.h"

struct pub {
	char *aor;
	char *etag; /* NULL: nothing is held that we could name */
	uint64_t call, tag;
	uint64_t dialog; /* of a lamp: a new one each time it is lit */
	int64_t until_ms, sent_until_ms, held_until_ms;
	uint32_t watch; /* NONE: its line is gone */
	uint32_t next;	/* free list */
	uint32_t txn;	/* index, NONE: nothing in flight */
	uint32_t cseq, expires_s, generation;
	struct queue_link queued;
	uint8_t event;              /* PACKAGE_PRESENCE: the profile; PACKAGE_DIALOG: the lamp */
	uint8_t wanted, sent, held; /* enum profile, or LIT; PROFILE_NONE: nothing */
	uint8_t raised, tries;
	bool used, asked; /* asked: a write waits for its OUT_WRITTEN */
	bool matched;	  /* what is in flight names an entity tag */
	bool kept;	  /* the engine's end knows the tag, for the next process */
	bool adopted;	  /* an earlier process's lamp, of which nobody has spoken since */
};

MUST_CHECK enum err pub_init(struct sip_agent *a, uint32_t lines_max);
void pub_fini(struct sip_agent *a);
void pub_write(struct sip_agent *a, uint32_t watch, const struct profile_write *w);
/* The lamp of the line's user. */
void pub_lamp(struct sip_agent *a, uint32_t watch, bool lit);
/* An earlier process lit it under that name, the entity tag and the dialog's id: not refreshed before
 * somebody speaks of the lamp. */
void pub_adopt_lamp(struct sip_agent *a, uint32_t watch, struct slice name);
void pub_lamp_view(const struct sip_agent *a, uint32_t watch, struct source_line_view *ret);
/* Does the PBX hold a publication of this line that is ours and lives? */
bool pub_holds(const struct sip_agent *a, uint32_t watch);
/* What this line's publication states, or is about to; an enum pidf_stand. */
uint8_t pub_stand(const struct sip_agent *a, uint32_t watch);
/* An earlier run's publication of the line was found, which nobody can refresh: this one goes on. */
void pub_adopt(struct sip_agent *a, uint32_t watch, enum profile profile, int64_t until_ms);
/* Someone else has spoken for the line since: ours is taken back. */
void pub_withdraw(struct sip_agent *a, uint32_t watch);
void pub_line_removed(struct sip_agent *a, uint32_t watch);
void pub_all_start(struct sip_agent *a);
void pub_all_stop(struct sip_agent *a);
void pub_due(struct sip_agent *a, uint32_t i);
/* Its turn: false when no transaction is free. */
bool pub_send(struct sip_agent *a, uint32_t i);
void pub_answered(struct sip_agent *a, uint32_t i, const struct sip_msg *m);
void pub_timed_out(struct sip_agent *a, uint32_t i);
/* Expires, SIP-If-Match and, when there is one, the body's type and bytes into *body. */
void pub_put_headers(const struct sip_agent *a, uint32_t i, struct buf *b);
void pub_put_body(const struct sip_agent *a, uint32_t i, struct buf *body);

#endif
