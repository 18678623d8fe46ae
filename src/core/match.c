#include "core/match.h"

#include <string.h>

struct words {
	const char *name, *reason, *fix;
};

static const struct words matches[MATCH_COUNT] = {
#define MATCH(id, name, reason, fix) [MATCH_##id] = { name, reason, fix },
#include "core/match.def"
};

static const struct words onboardings[ONBOARDING_COUNT] = {
#define ONBOARDING(id, name, reason, fix) [ONBOARDING_##id] = { name, reason, fix },
#include "core/match.def"
};

static const struct words nothing = { "?", "", "" };

static const struct words *match_words(enum match m)
{
	return (unsigned)m < MATCH_COUNT ? &matches[m] : &nothing;
}

static const struct words *onboarding_words(enum onboarding o)
{
	return (unsigned)o < ONBOARDING_COUNT ? &onboardings[o] : &nothing;
}

const char *match_name(enum match m)
{
	return match_words(m)->name;
}

const char *match_reason(enum match m)
{
	return match_words(m)->reason;
}

const char *match_fix(enum match m)
{
	return match_words(m)->fix;
}

const char *onboarding_name(enum onboarding o)
{
	return onboarding_words(o)->name;
}

const char *onboarding_reason(enum onboarding o)
{
	return onboarding_words(o)->reason;
}

const char *onboarding_fix(enum onboarding o)
{
	return onboarding_words(o)->fix;
}

bool match_parse(const char *word, enum match *ret)
{
	for (int m = 0; word && m < MATCH_COUNT; m++)
		if (strcmp(word, matches[m].name) == 0) {
			*ret = (enum match)m;
			return true;
		}
	return false;
}
