/* peer.h - what the simulator's world needs of a simulated PBX, whatever it speaks to the daemon.
 *
 * The values are pbx.h's: bytes of channels in and out, phones with their truth, calls by plan. A peer
 * that speaks no SIP leaves subscriptions and misled at 0 and keeps `heard` of struct pbx_phone. Peers
 * stand in world_peers[] of world_peer.c, one row each; the row is all a new kind needs here. */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "base/prng.h"
#include "pbx.h"

struct peer; /* each kind's own */

struct peer_config {
	const char *host; /* own address, numeric */
	uint32_t phones;  /* phone i has the number first + i */
	uint32_t first;
	uint32_t lines;   /* so many of the phones may be somebody's line; the first ones */
	const char *username, *password;
	bool udp;      /* where the kind can: else a stream */
	bool kamailio; /* SIP: the manner */
	uint32_t index; /* of the peer in the world: kinds may differ by it (log-in, edition, profile form) */
	uint64_t seed;
};

struct peer_ops {
	const char *connector; /* the type of the daemon's connector: "sip", "ami", ... */
	uint16_t port;
	bool udp;     /* may speak datagrams */
	bool posts;   /* no connection: PBX_SEND is a request about phone .channel, PBX_BYTES its answer */
	bool dnd;     /* Do Not Disturb is told apart from a call */
	bool profile; /* holds the user's profile and takes it from outside */
	bool takes_dnd; /* Do Not Disturb too */
	struct peer *(*make)(const struct peer_config *c, int64_t now_ms); /* NULL: no memory */
	void (*free)(struct peer *p);
	void (*feed)(struct peer *p, int64_t now_ms, const struct pbx_feed *in);
	void (*tick)(struct peer *p, int64_t now_ms);
	int64_t (*next)(const struct peer *p);
	bool (*drain)(struct peer *p, struct pbx_out *ret);
	bool (*phone)(const struct peer *p, uint32_t phone, struct pbx_phone *ret);
	enum err (*call)(struct peer *p, int64_t now_ms, const struct pbx_call_plan *plan);
	enum err (*answer)(struct peer *p, int64_t now_ms, uint32_t phone);
	enum err (*hangup)(struct peer *p, int64_t now_ms, uint32_t phone);
	enum err (*hold)(struct peer *p, int64_t now_ms, uint32_t phone, bool on);
	void (*set_registered)(struct peer *p, int64_t now_ms, uint32_t phone, bool on);
	/* Where .dnd and .profile are true. */
	void (*set_dnd)(struct peer *p, int64_t now_ms, uint32_t phone, bool on);
	void (*set_profile)(struct peer *p, int64_t now_ms, uint32_t phone, enum pbx_profile to);
	/* Whether the phone's lamp PEER_LAMP is lit; NULL: the daemon sets no lamps there. */
	bool (*lamp)(const struct peer *p, uint32_t phone);
	/* One of its own misbehaviours, drawn from the world's randomness; its name. */
	const char *(*fault)(struct peer *p, int64_t now_ms, struct prng *prng);
	/* Streams close at once; silent for down_ms. */
	void (*restart)(struct peer *p, int64_t now_ms, struct prng *prng, int64_t down_ms, bool end_calls);
	void (*calm)(struct peer *p, int64_t now_ms); /* all misbehaviour ends */
};

/* Phones of every kind of peer in the world. */
enum { PEER_PHONES = 64, PEER_FIRST = 201 };
#define PEER_LAMP "7" /* of each phone */

extern const struct peer_ops sip_peer_ops, hook_peer_ops, ami_peer_ops, mivo_peer_ops, fs_peer_ops;
struct pbx *sip_peer_pbx(struct peer *p);

#endif
