/* match.h - the words of match.def. */
#ifndef CORE_MATCH_H
#define CORE_MATCH_H

#include <stdbool.h>

enum match {
#define MATCH(id, name, reason, fix) MATCH_##id,
#include "core/match.def"
	MATCH_COUNT
};

enum onboarding {
#define ONBOARDING(id, name, reason, fix) ONBOARDING_##id,
#include "core/match.def"
	ONBOARDING_COUNT
};

/* "?" out of range; reason and fix are "" where nothing is wrong. */
const char *match_name(enum match m);
const char *match_reason(enum match m);
const char *match_fix(enum match m);
const char *onboarding_name(enum onboarding o);
const char *onboarding_reason(enum onboarding o);
const char *onboarding_fix(enum onboarding o);
/* False when the word names no outcome; *ret untouched. */
bool match_parse(const char *word, enum match *ret);

#endif
