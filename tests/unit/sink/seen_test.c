/* The words of three generations of documents: what they show, and who can have made them. */
#include "test.h"

#include "base/check.h"
#include "sink/seen.h"

static void pairs(void **state)
{
	static const struct {
		const char *availability, *activity;
		uint8_t presence, origin;
	} rows[] = {
		{ "Available", "Available", PRESENCE_AVAILABLE, SEEN_EITHER },
		{ "Available", "OutOfOffice", PRESENCE_AVAILABLE, SEEN_EITHER },
		{ "AvailableIdle", "Inactive", PRESENCE_AVAILABLE, SEEN_SESSION },
		{ "availableinactive", "", PRESENCE_AVAILABLE, SEEN_SESSION },
		{ "Busy", "Busy", PRESENCE_BUSY, SEEN_EITHER },
		{ "Busy", "InACall", PRESENCE_BUSY, SEEN_SESSION },
		{ "BUSY", "inameeting", PRESENCE_BUSY, SEEN_SESSION },
		{ "BusyIdle", "Inactive", PRESENCE_BUSY, SEEN_SESSION },
		{ "DoNotDisturb", "DoNotDisturb", PRESENCE_DND, SEEN_EITHER },
		{ "DoNotDisturb", "Presenting", PRESENCE_DND, SEEN_SESSION },
		{ "doNotDisturb", "Focusing", PRESENCE_DND, SEEN_SESSION },
		{ "Away", "Away", PRESENCE_AWAY, SEEN_EITHER },
		{ "Away", "BeRightBack", PRESENCE_AWAY, SEEN_HAND },
		{ "BeRightBack", "BeRightBack", PRESENCE_AWAY, SEEN_HAND },
		{ "Offline", "Offline", PRESENCE_OFFLINE, SEEN_NOBODY },
		{ "Offline", "OffWork", PRESENCE_OFFLINE, SEEN_HAND },
		/* the lists of 2025, which look swapped */
		{ "inACall", "busy", PRESENCE_BUSY, SEEN_SESSION },
		{ "presenting", "doNotDisturb", PRESENCE_DND, SEEN_SESSION },
		{ "focusing", "doNotDisturb", PRESENCE_DND, SEEN_SESSION },
		/* null or missing: the activity tells */
		{ "", "InACall", PRESENCE_BUSY, SEEN_SESSION },
		{ "", "Away", PRESENCE_AWAY, SEEN_EITHER },
		{ "", "OutOfOffice", PRESENCE_UNKNOWN, SEEN_UNKNOWN },
		{ "", "", PRESENCE_UNKNOWN, SEEN_UNKNOWN },
		/* words that no page lists are not guessed at */
		{ "workingOnMars", "InACall", PRESENCE_UNKNOWN, SEEN_UNKNOWN },
		{ "PresenceUnknown", "PresenceUnknown", PRESENCE_UNKNOWN, SEEN_UNKNOWN },
		{ "Busy", "workingOnMars", PRESENCE_BUSY, SEEN_EITHER },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct seen s = seen_of(rows[i].availability, rows[i].activity);

		if (s.presence != rows[i].presence || s.origin != rows[i].origin)
			fail_msg("%s/%s: %d by %d", rows[i].availability, rows[i].activity, s.presence,
				 s.origin);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(pairs) };

	return cmocka_run_group_tests_name("sink/seen", tests, NULL, NULL);
}
