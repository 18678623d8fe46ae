/* shown.c - what Teams shows of one user, asked before a preferred state of ours is renewed or
 * given back: what the user has chosen by hand since then stands in its place, and is theirs.
 *
 * GET /users/{id}/presence tells the aggregate only. A preferred state overrides every session, so
 * while ours is there the availability is DoNotDisturb; the activity is not asked for, because a
 * state set by an application has been seen to come back with other ones (facts/graph.md section
 * 4). */
#include "proto/graph/presences.h"
#include "sink/graph_priv.h"

static void take(void *arg, const struct presences_row *row)
{
	bool *shows = arg;

	*shows = slice_is_nocase(slice_str(row->availability), session_availability(SESSION_DND));
}

/* An answer that nobody can read shows nothing: the state then ends by itself. */
void shown_take(struct slot *s, const struct graph_response *r)
{
	bool shows = false;

	if (presences_answer(r->body, take, &shows) != ERR_OK)
		shows = false;
	s->preferred_seen = shows;
	s->preferred_maybe = s->preferred_maybe && shows;
}
