/* world.h - the stage of the scenarios: an engine, its directory, a store and a Teams of one line
 * each, under simulated time. */
#ifndef TESTS_SCENARIO_WORLD_H
#define TESTS_SCENARIO_WORLD_H

#include "core/directory.h"
#include "core/engine.h"

enum { CONNECTORS = 2, USERS_MAX = 16, LINES_MAX = 64, SEEN_MAX = 4096 };

enum answers { ANSWER_NONE, ANSWER_ACCEPT, ANSWER_DENY };

/* A Graph, resync, audit or gone action that no expectation has taken yet. */
struct seen {
	struct action action;
	int64_t at_ms;
	bool taken;
};

struct world {
	struct directory *directory;
	struct engine *engine;
	struct actions out;
	struct policy policy;
	int64_t now_ms, wall_ms;
	uint8_t answers; /* enum answers */
	uint16_t status; /* of ANSWER_DENY */
	struct seen seen[SEEN_MAX];
	int seen_n;
	struct action last[USERS_MAX]; /* latest Graph action of each user */
	struct action write[LINES_MAX]; /* latest profile write of each line */
	uint8_t profiles[CONNECTORS]; /* by connector: reads 1, writes 2 */
	uint32_t seen_generation[USERS_MAX];
	struct user_record users[USERS_MAX]; /* the store */
	struct line_record lines[LINES_MAX];
	bool has_user[USERS_MAX], has_line[LINES_MAX], enabled[USERS_MAX];
	struct { /* Teams: our session of each user */
		uint8_t session;
		bool preferred;
		int64_t end_ms;
	} teams[USERS_MAX];
	bool closed; /* the working hours */
	bool proven[USERS_MAX]; /* a clear answer was given since the start */
	bool again[USERS_MAX];  /* the engine wants to be told what shows */
	uint32_t saved_lines, saved_users, changed[USERS_MAX];
};

void world_init(struct world *w);
void world_fini(struct world *w);
/* A new engine, with users and lines as the directory has them; restored from the store or not. */
void world_start(struct world *w, bool with_store);
/* Tells the engine what the connector does with profiles. */
void world_profiles(struct world *w, uint32_t connector);
void world_step(struct world *w, struct event *ev);
/* Runs every tick that is due up to then. False when the engine never comes to rest. */
bool world_advance(struct world *w, int64_t to_ms);
void world_answer(struct world *w, const struct action *a, enum outcome_class class,
		  uint16_t status, int32_t retry_after_ms);
/* The action is done but for its preferred state: the user has put another in its place. */
void world_left(struct world *w, const struct action *a);
uint8_t world_teams(const struct world *w, uint32_t user);

#endif
