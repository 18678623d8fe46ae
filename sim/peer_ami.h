/* peer_ami.h - private to sim/peer_ami*.c: an Asterisk with its manager interface as a peer of the world.
 *
 * It reads and writes the manager's packets on its own, in the manner of Asterisk 22 as recorded in
 * tests/vectors/ami, and links nothing of src/source or src/proto/ami. Hints are FreePBX's. What it does
 * wrong: silence, withheld events, links dropped, within a list too, refused log-ins and writes, hints that
 * go and come back, slow answers, and the two events of one change in either order, always. */
#ifndef SIM_PEER_AMI_H
#define SIM_PEER_AMI_H

#include "base/buf.h"
#include "conns.h"
#include "peer.h"
#include "phones.h"


enum ami_topic { AMI_DEVICE = 1, AMI_DND = 2, AMI_PRESENCE = 4 };

struct ami_phone {
	bool registered, dnd;
	bool has_profile; /* not_set before the first one */
	uint8_t profile;  /* enum pbx_profile */
	bool marked;      /* a subtype of somebody's own */
	bool listed;      /* hints made from a pattern are not before they are asked for */
	uint8_t withheld; /* enum ami_topic bits: the last change was not told */
	int64_t gone_until_ms; /* its hint is out of the dialplan */
	bool gone_told;        /* and that has left for who listens now */
};

struct peer {
	char username[64], password[64];
	uint32_t n, first;
	struct prng prng;
	struct phones phones;
	struct ami_phone phone[PHONES_MAX];
	struct conns conns;
	int64_t now_ms, down_until_ms;
	uint32_t skip_events, refuse_logins, refuse_writes, cut_lists;
};

/* ---- peer_ami.c ---- */
bool ami_hinted(const struct peer *p, uint32_t phone);
const char *ami_device(const struct peer *p, uint32_t phone);

/* ---- peer_ami_talk.c ---- */
enum ami_mark { AMI_NO_MARK, AMI_ENDS_LISTS = MARK_TOLD, AMI_GONE /* and on: of phone mark - AMI_GONE */ };

/* Takes the text over. */
void ami_send(struct peer *p, const struct conn *s, struct buf *text, uint8_t mark);
/* Understands what has come. */
void ami_read(struct peer *p, struct conn *s);
/* A change, to every session that listens. */
void ami_tell(struct peer *p, uint32_t phone, enum ami_topic topic);
void ami_tell_gone(struct peer *p, uint32_t phone);
void ami_tell_all(struct peer *p, const char *event);

#endif
