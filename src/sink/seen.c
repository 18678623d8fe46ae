#include "sink/seen.h"

#include "base/check.h"
#include "base/slice.h"

/* What a word shows, and who can have made it. OutOfOffice stands beside a presence. */
static const struct word {
	const char *word;
	uint8_t presence, origin;
	uint8_t activity;
} words[] = {
	{ "Available", PRESENCE_AVAILABLE, SEEN_EITHER, ACTIVITY_OTHER },
	{ "AvailableIdle", PRESENCE_AVAILABLE, SEEN_SESSION, ACTIVITY_OTHER },
	{ "AvailableInactive", PRESENCE_AVAILABLE, SEEN_SESSION, ACTIVITY_OTHER },
	{ "Inactive", PRESENCE_AVAILABLE, SEEN_SESSION, ACTIVITY_OTHER },
	{ "Busy", PRESENCE_BUSY, SEEN_EITHER, ACTIVITY_OTHER },
	{ "BusyIdle", PRESENCE_BUSY, SEEN_SESSION, ACTIVITY_OTHER },
	{ "InACall", PRESENCE_BUSY, SEEN_SESSION, ACTIVITY_CALL },
	{ "InAConferenceCall", PRESENCE_BUSY, SEEN_SESSION, ACTIVITY_CONFERENCE },
	{ "InAMeeting", PRESENCE_BUSY, SEEN_SESSION, ACTIVITY_MEETING },
	{ "DoNotDisturb", PRESENCE_DND, SEEN_EITHER, ACTIVITY_DND },
	{ "Presenting", PRESENCE_DND, SEEN_SESSION, ACTIVITY_PRESENTING },
	{ "Focusing", PRESENCE_DND, SEEN_SESSION, ACTIVITY_DND },
	{ "UrgentInterruptionsOnly", PRESENCE_DND, SEEN_EITHER, ACTIVITY_DND },
	{ "Away", PRESENCE_AWAY, SEEN_EITHER, ACTIVITY_OTHER },
	{ "BeRightBack", PRESENCE_AWAY, SEEN_HAND, ACTIVITY_OTHER },
	{ "Offline", PRESENCE_OFFLINE, SEEN_NOBODY, ACTIVITY_OTHER },
	{ "OffWork", PRESENCE_OFFLINE, SEEN_HAND, ACTIVITY_OTHER },
	{ "OutOfOffice", PRESENCE_UNKNOWN, SEEN_EITHER, ACTIVITY_OTHER },
};

static const struct word *find(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (slice_is_nocase(slice_str(word), words[i].word))
			return &words[i];
	return NULL;
}

/* Presenting says more than DoNotDisturb, wherever the two stand. */
static uint8_t activity_of(const struct word *a, const struct word *b)
{
	uint8_t x = a ? a->activity : ACTIVITY_OTHER, y = b ? b->activity : ACTIVITY_OTHER;

	return y != ACTIVITY_OTHER && (x == ACTIVITY_OTHER || x == ACTIVITY_DND) ? y : x;
}

struct seen seen_of(const char *availability, const char *activity)
{
	const struct word *a = find(availability), *b = find(activity);
	const struct word *shows = a ? a : availability[0] ? NULL : b;

	if (!shows || shows->presence == PRESENCE_UNKNOWN)
		return (struct seen){ PRESENCE_UNKNOWN, SEEN_UNKNOWN, ACTIVITY_OTHER };
	/* the word that tells more: a session's or a hand's before either's */
	const struct word *tells = b && shows->origin != SEEN_SESSION && shows->origin != SEEN_HAND &&
						   (b->origin == SEEN_SESSION || b->origin == SEEN_HAND)
					   ? b
					   : shows;
	return (struct seen){ (enum presence)shows->presence, (enum seen_origin)tells->origin,
			      (enum seen_activity)activity_of(a, b) };
}
