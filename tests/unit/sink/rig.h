/* rig.h - a Graph machine on a bench: the test is the clock, the wire and the server. */
#ifndef TESTS_UNIT_SINK_RIG_H
#define TESTS_UNIT_SINK_RIG_H

#include "test.h"

#include "sink/graph.h"

enum { RIG_OPEN_MAX = 2048, RIG_LOG_MAX = 4096 };

#define RIG_APP "99999999-8888-7777-6666-555555555555"
#define RIG_SET "/presence/setPresence"
#define RIG_CLEAR "/presence/clearPresence"

struct rig_request {
	uint32_t id, user;
	bool post, secret;
	int64_t sent_ms;
	char url[1400], body[2400];
	char headers[1024];
};

struct rig {
	struct graph *g;
	struct secret secret;
	struct graph_config config;
	int64_t now_ms, wall_ms;
	struct rig_request open[RIG_OPEN_MAX]; /* oldest first */
	uint32_t open_n;
	struct outcome outcomes[RIG_LOG_MAX];
	uint32_t outcomes_n;
	struct graph_out notes[256];
	uint32_t notes_n;
	struct graph_out found[256];
	uint32_t found_n;
	struct graph_out seen[2048];
	uint32_t seen_n;
	char text_ours[400], text_former[400]; /* the last GRAPH_TEXT */
	int64_t text_until_wall_ms;
	uint32_t texts_n;
	struct graph_out read[512]; /* GRAPH_READ, GRAPH_PERSON, GRAPH_MEMBER; borrowed parts are gone */
	uint32_t read_n;
	char link[400]; /* of the last READ_PEOPLE_END */
	struct load load; /* as last told */
	uint32_t generation;
	char token[40];
};

/* A machine with usual values; change r->config between rig_init and rig_start. */
void rig_init(struct rig *r);
void rig_start(struct rig *r);
void rig_fini(struct rig *r);
/* Starts, answers the token request, gives users 0..n-1 an id. */
struct rig *rig_ready(uint32_t n);
void rig_free(struct rig *r);
void rig_drain(struct rig *r);
/* Lets time pass in the steps that graph_next asks for. */
void rig_pass(struct rig *r, int64_t ms);
const char *rig_id(uint32_t user); /* the GUID of a user; valid until four calls later */

/* The open request whose URL holds `part` (and, for user != ID_NONE, is that user's); NULL: none.
 */
struct rig_request *rig_find(struct rig *r, const char *part, uint32_t user);
uint32_t rig_count(const struct rig *r, const char *part);
/* Answers and removes the request, then drains. */
void rig_answer(struct rig *r, struct rig_request *q, uint16_t status, const char *body);
void rig_reply(struct rig *r, struct rig_request *q, const struct graph_response *answer);
void rig_answer_token(struct rig *r, const char *token, int life_s);

uint32_t rig_hold(struct rig *r, uint32_t user, enum session s, enum urgency u);
uint32_t rig_clear(struct rig *r, uint32_t user, bool may_be_held);
/* The last outcome of that generation; class OUTCOME_COUNT when there is none. */
struct outcome rig_outcome(const struct rig *r, uint32_t user, uint32_t generation);
void rig_assert_outcome(const struct rig *r, uint32_t user, uint32_t generation,
			enum outcome_class class, uint16_t status);
uint32_t rig_noted(const struct rig *r, enum graph_note n);

#endif
