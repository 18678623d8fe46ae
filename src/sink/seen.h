/* seen.h - from the words that Teams answers to what they mean: facts/graph.md 4 and 5. */
#ifndef SINK_SEEN_H
#define SINK_SEEN_H

#include "core/types.h"

struct seen {
	enum presence presence;
	enum seen_origin origin;
	enum seen_activity activity;
};

/* Documents of three generations name these; case never counts, and both places take every word. An
 * availability that is not known is not guessed at from the activity; one that is missing is. */
struct seen seen_of(const char *availability, const char *activity);

#endif
