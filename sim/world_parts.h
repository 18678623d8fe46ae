/* world_parts.h - private to sim/world*.c. */
#ifndef SIM_WORLD_PARTS_H
#define SIM_WORLD_PARTS_H

#include "base/prng.h"
#include "told.h"
#include "world.h"

enum {
	PEERS = 6, /* rows of world_peers */
	TOLD = PEERS,
	CONNECTORS = PEERS + 1,
	LINKS_MAX = 64,
	DIALOGS_MAX = 8,
	REALM = 0,
	IDS = 37
};

/* The simulated PBXs, in their order. */
extern const struct peer_ops *const world_peers[PEERS];

enum parcel_kind {
	PARCEL_TO_PBX,       /* bytes */
	PARCEL_TO_DAEMON,    /* bytes */
	PARCEL_PBX_OPENED,
	PARCEL_PBX_CLOSED,
	PARCEL_DAEMON_CONNECTED,
	PARCEL_DAEMON_CLOSED,
	PARCEL_REQUEST,      /* to the cloud */
	PARCEL_ANSWER,       /* from the cloud */
	PARCEL_POST,         /* to the daemon's webhook: of peer .link, about phone .id */
	PARCEL_POST_ANSWER,
};

/* Something under way; it arrives at at_ms, ties in the order of sending. */
struct parcel {
	int64_t at_ms;
	uint64_t seq;
	uint8_t kind;
	uint32_t link;
	uint64_t serial; /* of the link: its slot may have been used again */
	uint32_t life;    /* of the daemon that sent or awaits it */
	uint32_t id;      /* of a request */
	int64_t sent_ms;
	int32_t timeout_ms;
	bool post;
	uint8_t failure;
	struct cloud_response answer;
	bool part;        /* bytes: the message goes on in the next parcel */
	/* to the daemon, of a kind without subscriptions */
	struct tells {
		uint64_t all, gone; /* bits of the phones that it knows all of once this has come, and of
				     * those that it then knows to be told no more */
	} tells;
	char *text[3];    /* bytes, and the whole message when they only end it; of a request: target,
			   * headers, body */
	size_t text_n[3];
};

/* A connection, or a UDP socket, of the daemon to one PBX. */
struct link {
	bool used, open, udp;
	bool daemon_gone; /* our side has closed it */
	uint64_t serial;
	uint32_t pbx;
	uint32_t daemon_channel, pbx_channel;
	uint32_t life;
	uint16_t port;      /* of our end */
	int64_t to_pbx_ms, to_daemon_ms; /* streams keep their order */
};

struct dialog_truth {
	uint64_t call; /* Call-ID, hashed; 0: none */
	bool stands;
};

struct line_truth {
	uint32_t connector, phone; /* TOLD: phone is ignored */
	uint32_t user;
	uint32_t id;               /* in the running bridge */
	bool dnd;
	uint8_t profile_before; /* enum pbx_profile, at the last look */
	uint32_t changes;       /* of it since all was healed */
	int64_t lost_ms;           /* when what was heard of it ended: with the link or its subscription */
	int64_t refused_ms; /* when the PBX last would not go on with it, TIME_NEVER: not since a
			       report */
	struct dialog_truth dialogs[DIALOGS_MAX]; /* the last subscriptions that have told of it */
	uint32_t dialogs_at;
};

struct user_truth {
	char email[32];
	uint32_t id; /* in the running bridge */
	enum oracle_app app;
	int64_t app_until_wall_ms;
	int64_t true_ms;      /* when what is shown last was nothing, or right */
	int64_t misled_ms;    /* for how long since then a PBX has kept a change to itself */
	int known_rank;       /* of what the daemon last asked for, or remembers to have */
	int decided_rank;     /* of what is right, when the daemon last knew it all */
	uint32_t cloud_user;
	int64_t left_expires_ms; /* cloud's time: what stood in Teams when the store was lost; 0: nothing */
	bool orphaned; /* the store is lost: what a PBX was lent then is theirs, until they set another */
	bool client_lit, client_was_lit; /* a Teams client in a call, a meeting or DND: now, ever */
	int64_t client_lit_ms;           /* when it last ended */
};

struct saved {
	bool has;
	union {
		struct user_record user;
		struct line_record line;
	};
};

struct world {
	struct world_config config;
	struct prng prng;
	int64_t now_ms, wall_offset_ms, cloud_offset_ms;
	struct bridge *bridge;
	struct told *told;
	uint32_t life;
	int64_t started_ms,
		restart_ms; /* restart_ms: when a daemon that is down comes back, TIME_NEVER: up */
	uint32_t account;
	uint32_t connector_id[CONNECTORS];
	struct peer *peer[PEERS];
	struct cloud *cloud;
	struct secret secret;
	struct link links[LINKS_MAX];
	uint16_t next_port;
	uint32_t next_pbx_channel;
	struct parcel **heap;
	size_t heap_n, heap_cap;
	uint64_t seq;
	int64_t cut_until_ms[PEERS];
	bool denied; /* Graph has said "not found" of what may well have been there */
	struct user_truth users[WORLD_USERS_MAX];
	struct line_truth lines[WORLD_LINES_MAX];
	uint32_t users_n, lines_n;
	/* the store: what was committed, and what waits for the next commit */
	struct saved user_saved[WORLD_USERS_MAX], user_waits[WORLD_USERS_MAX];
	struct saved line_saved[WORLD_LINES_MAX], line_waits[WORLD_LINES_MAX];
	char ids[WORLD_USERS_MAX][IDS];
	int64_t commit_ms;
	int64_t *sends; /* ring of the last `allowed` presence requests */
	uint32_t sends_at, allowed;
	uint64_t sent_in_life;
	int64_t act_ms, look_ms, looked_ms;
	int64_t calm_ms; /* since when nobody does anything, TIME_NEVER: they do */
	bool restless;
	uint64_t fingerprint;
	struct world_counts counts;
	char objection[400];
	char steps[WORLD_STEPS_KEPT][160];
	uint64_t steps_n;
};

void world_step_note(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void world_object(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct bridge_time world_time(const struct world *w);

/* world_peer.c */
bool peer_phone(const struct world *w, const struct line_truth *l, struct pbx_phone *ret);
enum err peers_make(struct world *w);
void peers_free(struct world *w);

/* world_net.c */
int64_t net_next(const struct world *w);
void net_deliver(struct world *w); /* the earliest parcel, at its time */
void net_daemon_out(struct world *w, uint32_t connector, const struct source_out *out);
void net_request(struct world *w, const struct graph_request *r);
/* The daemon answers a request of a webhook. */
void net_answer(struct world *w, uint32_t connector, uint32_t request, uint16_t status);
void net_pbx_drain(struct world *w, uint32_t pbx);
/* Its own address, and what the daemon is to connect to. */
void net_host(uint32_t pbx, char *ret, size_t cap);
void net_cut(struct world *w, uint32_t pbx, int64_t for_ms);
void net_daemon_died(struct world *w);
void net_free(struct world *w);

/* world_daemon.c */
enum err daemon_start(struct world *w);
void daemon_crash(struct world *w, bool keep_state);
void daemon_drain(struct world *w);
void daemon_commit(struct world *w);

/* world_acts.c */
void acts_one(struct world *w);
void acts_end(struct world *w);

/* world_lamp.c */
/* A Teams client of the person does something else from now on. */
void lamp_look_all(struct world *w);
void lamp_client(struct world *w, uint32_t user, enum cloud_client state);
void lamp_told(struct world *w, uint32_t user, enum lamp lamp);
void lamp_calm(struct world *w);

/* world_lend.c */
bool lend_is_on(const struct world *w);
/* Is that what PBXs are lent, or reads as it? */
bool lend_is_word(const struct world *w, enum pbx_profile p);
/* What a person sets instead of p in a world that lends p. */
enum profile lend_spared(const struct world *w, enum profile p);
void lend_look_all(struct world *w);
/* The line's PBX may hold what is lent. */
bool lend_holds(struct world *w, const struct line_truth *l);
bool lend_owns_dnd(const struct world *w, const struct line_truth *l);
/* The daemon has died. */
void lend_orphan(struct world *w, bool keep_state);
/* Everybody has set a profile of their own; a Do Not Disturb that was theirs stays theirs. */
void lend_all_have_set(struct world *w);
void lend_calm(struct world *w);

/* world_check.c */
void check_truth(struct world *w);
/* The profiles whose end has passed end now: somebody is there to see it. */
void check_profiles(struct world *w);
/* A presence request leaves the daemon. */
void check_request(struct world *w, struct slice url, struct slice body);
void check_shown(struct world *w, struct slice target);
bool check_calm(struct world *w);
/* A line of the person whose PBX holds the profile; NULL: none. */
const struct line_truth *check_two_way(const struct world *w, uint32_t user);
enum pbx_profile check_word(enum profile p);
/* Meeting is left alone where Busy is meant. */
bool check_same_word(enum pbx_profile a, enum pbx_profile b);
/* Every PBX of the person and the daemon hold that profile. */
bool check_in_step(struct world *w, uint32_t user, enum profile p);
/* A whole message reaches the daemon. */
void check_heard(struct world *w, uint32_t pbx, struct slice message);
/* tells: the parcel's. */
void check_known(struct world *w, uint32_t pbx, struct tells tells);
struct tells check_tells(const struct world *w, uint32_t pbx);
/* A request about one phone reaches the daemon. */
void check_posted(struct world *w, uint32_t pbx, uint32_t phone);
void check_started(struct world *w);
/* The link is gone, seen from the daemon. */
void lamp_orphan(struct world *w); /* the store is lost */
void check_link_lost(struct world *w, uint32_t pbx);

#endif
