/* oracle.h - the presence rules once more, restated naively over the ground truth.
 *
 * It knows nothing of the engine: it is told what really happened (calls, profiles, links, daemon up or
 * down) and says what must be held in Teams when all is calm, and what must never be seen meanwhile.
 * Slow and plain on purpose. */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

enum { ORACLE_LINES_MAX = 8 };

/* Words of its own, so that it cannot share a table with what it judges. */
enum oracle_phone { ORACLE_FREE, ORACLE_RINGS, ORACLE_DIALS, ORACLE_TALKS, ORACLE_ON_HOLD };
enum oracle_app {
	ORACLE_APP_AVAILABLE,
	ORACLE_APP_AWAY,
	ORACLE_APP_BUSY,
	ORACLE_APP_NOT_AVAILABLE,
	ORACLE_APP_MEETING
};
enum oracle_held { ORACLE_NOTHING, ORACLE_BUSY_IN_A_CALL, ORACLE_DND_PRESENTING, ORACLE_AWAY };

struct oracle_line {
	enum oracle_phone phone;
	bool dnd;   /* told apart from a call by this PBX */
	bool heard; /* its PBX is there and has told */
};

struct oracle_rules {
	bool call_first;   /* precedence */
	bool ringing_busy;
	bool busy_is_dnd;
};

/* What must be held for a person with these lines and this profile, when all is calm. */
enum oracle_held oracle_expects(const struct oracle_line *lines, int n, enum oracle_app app,
				const struct oracle_rules *rules);
/* Graph's words for it: "Busy/InACall", "" for nothing. */
const char *oracle_words(enum oracle_held h);

#endif
