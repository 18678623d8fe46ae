/* onboarding.h - whether a person is synchronised: the list, the exclusion, what an operator and the
 * person itself have switched. Pure. */
#ifndef DAEMON_ONBOARDING_H
#define DAEMON_ONBOARDING_H

#include <stdint.h>

#include "base/err.h"
#include "core/match.h"

/* What was switched by hand; an operator's word counts more than the person's. */
enum { HAND_ON = 1, HAND_OFF = 2, HAND_PAUSED = 4 };

struct onboarding_facts {
	bool enabled;  /* the configuration or the import says so */
	bool excluded; /* matching.exclude */
	bool selected; /* matching.onboarding: auto, or in one of matching.groups */
	uint8_t hand;
};
enum onboarding onboarding_judge(const struct onboarding_facts *f);

/* An operator switches: what the person had paused is over. */
uint8_t onboarding_switch(bool on);
/* The person itself pauses or goes on. False: it may not go on, because somebody or something else than
 * the person has switched it off; *hand stays. */
MUST_CHECK bool onboarding_pause(const struct onboarding_facts *f, bool pause, uint8_t *hand);

#endif
