/* world.h - the deterministic simulator: the daemon's own bridge between simulated PBXs and a simulated
 * cloud, under simulated time, with faults drawn from a seed.
 *
 * What runs here is what runs in production, minus the edge: the same bridge, engine, SIP machine and
 * Graph machine; the PBX (pbx.h) and the cloud (cloud.h) speak to them in bytes. One seed, one history.
 * The oracle (oracle.h) restates the rules on its own and judges. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "bridge/bridge.h"
#include "cloud.h"
#include "oracle.h"
#include "peer.h"

enum { WORLD_USERS_MAX = 64, WORLD_LINES_MAX = 128, WORLD_STEPS_KEPT = 4000 };

struct world_config {
	uint64_t seed;
	uint32_t users; /* <= WORLD_USERS_MAX; each has one line, every third two, on different PBXs */
	bool udp;       /* SIP over UDP, with loss; else TCP, with cut links */
	bool kamailio;  /* the PBXs' manner */
	bool lists;     /* the first PBX keeps a list of its lines */
	struct policy policy;
	bool lamps;     /* direction both: what Teams shows is read back every few seconds */
	bool dnd_while; /* with what is lent, Do Not Disturb goes too, where a PBX takes it */
	int64_t read_after_ms; /* Graph's reads show changes so late */
	uint32_t quota;
	int32_t window_ms;
};

struct world;

MUST_CHECK enum err world_new(struct world **ret, const struct world_config *c);
void world_free(struct world *w);

/* Runs for a simulated time; faults and people's doings are drawn while `restless`. False when the
 * oracle objected: world_objection says why. */
bool world_run(struct world *w, int64_t for_ms, bool restless);
/* No more faults, everybody keeps still; runs until all has had time to heal, then compares each user
 * with the oracle. */
bool world_calm(struct world *w);
const char *world_objection(const struct world *w);
/* The last steps, one line each, to stdout. */
void world_print_steps(const struct world *w);

/* A number that two runs of one seed share: of all that was sent to PBXs and cloud. */
uint64_t world_fingerprint(const struct world *w);
int64_t world_now(const struct world *w);
/* The cloud's own clock at this instant, for calls of cloud.h. */
int64_t world_cloud_ms(const struct world *w);

/* ---- single acts, for scripted tests ---- */

void world_call(struct world *w, uint32_t line);
void world_hang_up(struct world *w, uint32_t line);
void world_profile(struct world *w, uint32_t user, enum profile p, int64_t for_ms);
void world_dnd(struct world *w, uint32_t line, bool on);
void world_crash(struct world *w, bool keep_state);
void world_start(struct world *w);
/* NULL: it speaks no SIP. */
struct pbx *world_pbx(struct world *w, uint32_t i);
struct cloud *world_cloud(struct world *w);
struct bridge *world_bridge(struct world *w); /* NULL while the daemon is down */

struct world_counts {
	uint64_t steps, calls, crashes, pbx_faults, cloud_faults, jumps;
	uint64_t presence_requests, lamps, lit, lent;
};
void world_count(const struct world *w, struct world_counts *ret);

#endif
