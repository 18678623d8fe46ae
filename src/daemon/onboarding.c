#include "daemon/onboarding.h"

enum onboarding onboarding_judge(const struct onboarding_facts *f)
{
	if (!f->enabled)
		return ONBOARDING_OFF;
	if (f->excluded)
		return ONBOARDING_EXCLUDED;
	if (f->hand & HAND_OFF)
		return ONBOARDING_SWITCHED_OFF;
	if (!(f->hand & HAND_ON) && !f->selected)
		return ONBOARDING_NOT_SELECTED;
	return f->hand & HAND_PAUSED ? ONBOARDING_PAUSED : ONBOARDING_ON;
}

uint8_t onboarding_switch(bool on)
{
	return on ? HAND_ON : HAND_OFF;
}

bool onboarding_pause(const struct onboarding_facts *f, bool pause, uint8_t *hand)
{
	enum onboarding now = onboarding_judge(f);

	if (pause && now == ONBOARDING_ON)
		*hand = f->hand | HAND_PAUSED;
	else if (!pause && now == ONBOARDING_PAUSED)
		*hand = f->hand & (uint8_t)~HAND_PAUSED;
	return pause || now == ONBOARDING_PAUSED || now == ONBOARDING_ON;
}
