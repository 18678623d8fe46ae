/* setup.h - how far a tenant is set up: the steps of setup.def, what each wants done, and commands.
 *
 * setup_judge and setup_commands are pure; setup_answer reads the bridge. */
#ifndef DAEMON_SETUP_H
#define DAEMON_SETUP_H

#include <jansson.h>

#include "core/match.h"
#include "daemon/app.h"
#include "sink/graph.h"

enum setup_step {
#define STEP(id, name, title, by_hand) SETUP_##id,
#include "daemon/setup.def"
	SETUP_COUNT
};

enum setup_state {
	SETUP_UNKNOWN, /* not asked yet, or it cannot be seen from here */
	SETUP_TODO,    /* waits for a person, or for the step before */
	SETUP_FAILED,  /* was refused */
	SETUP_DONE,
};

struct setup_facts {
	const struct conf_account *account; /* NULL: there is none yet */
	struct graph_view graph;
	struct graph_people_view people;
	uint32_t matches[MATCH_COUNT];
	int64_t wall_ms;
};

struct setup_said {
	uint8_t state; /* enum setup_state */
	char text[500];
};

void setup_judge(const struct setup_facts *f, struct setup_said ret[static SETUP_COUNT]);
/* For the Azure CLI, as a list of texts; NULL: no memory. account NULL: with names to be filled in. */
json_t *setup_commands(enum setup_step step, const struct conf_account *account);
const char *setup_step_name(enum setup_step step);

/* The document of GET /api/v1/accounts/{account}/setup; account UINT16_MAX: of one that is still to be
 * made. NULL: no memory. */
json_t *setup_answer(const struct app_parts *p, struct bridge_time t, uint16_t account);

#endif
