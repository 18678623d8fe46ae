#include <string.h>

#include "core/types.h"

static const char *const presence_names[PRESENCE_COUNT] = {
#define PRESENCE(id, name, label) [PRESENCE_##id] = name,
#include "core/names.def"
};

static const char *const presence_labels[PRESENCE_COUNT] = {
#define PRESENCE(id, name, label) [PRESENCE_##id] = label,
#include "core/names.def"
};

static const char *const profile_names[PROFILE_COUNT] = {
#define PROFILE(id, name, label, reads_as) [PROFILE_##id] = name,
#include "core/names.def"
};

static const uint8_t profile_reads[PROFILE_COUNT] = {
#define PROFILE(id, name, label, reads_as) [PROFILE_##id] = PRESENCE_##reads_as,
#include "core/names.def"
};

static const struct {
	const char *name, *availability, *activity;
	uint8_t shows;
} sessions[SESSION_COUNT] = {
#define SESSION(id, name, availability, activity, shows) \
	[SESSION_##id] = { name, availability, activity, PRESENCE_##shows },
#include "core/names.def"
};

static const struct {
	const char *name, *sentence;
} showns[SHOWN_COUNT] = {
#define SHOWN(id, name, sentence) [SHOWN_##id] = { name, sentence },
#include "core/names.def"
};

static const struct {
	const char *name, *label;
} lamps[LAMP_COUNT] = {
#define LAMP(id, name, label) [LAMP_##id] = { name, label },
#include "core/names.def"
};

const char *lamp_name(enum lamp v)
{
	return (unsigned)v < LAMP_COUNT ? lamps[v].name : "?";
}

const char *lamp_label(enum lamp v)
{
	return (unsigned)v < LAMP_COUNT ? lamps[v].label : "?";
}

const char *shown_name(enum shown v)
{
	return (unsigned)v < SHOWN_COUNT ? showns[v].name : "?";
}

const char *shown_sentence(enum shown v)
{
	return (unsigned)v < SHOWN_COUNT ? showns[v].sentence : "?";
}

const char *presence_name(enum presence p)
{
	return (unsigned)p < PRESENCE_COUNT ? presence_names[p] : "?";
}

const char *presence_label(enum presence p)
{
	return (unsigned)p < PRESENCE_COUNT ? presence_labels[p] : "?";
}

const char *profile_name(enum profile p)
{
	return (unsigned)p < PROFILE_COUNT ? profile_names[p] : "?";
}

const char *text_cause_name(enum text_cause c)
{
	static const char *const names[TEXT_COUNT] = {
		"none",
#define TEXT(id, key, absence) key,
#include "core/texts.def"
	};

	return (unsigned)c < TEXT_COUNT ? names[c] : names[TEXT_NONE];
}

const char *session_name(enum session s)
{
	return (unsigned)s < SESSION_COUNT ? sessions[s].name : "?";
}

const char *session_availability(enum session s)
{
	return (unsigned)s < SESSION_COUNT ? sessions[s].availability : "?";
}

const char *session_activity(enum session s)
{
	return (unsigned)s < SESSION_COUNT ? sessions[s].activity : "?";
}

enum presence session_shows(enum session s)
{
	return (unsigned)s < SESSION_COUNT ? (enum presence)sessions[s].shows : PRESENCE_UNKNOWN;
}

enum presence profile_reads_as(enum profile p)
{
	return (unsigned)p < PROFILE_COUNT ? (enum presence)profile_reads[p] : PRESENCE_UNKNOWN;
}

static int find(const char *word, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(word, names[i]) == 0)
			return i;
	return -1;
}

bool presence_parse(const char *word, enum presence *ret)
{
	int i = word ? find(word, presence_names, PRESENCE_COUNT) : -1;

	if (i >= 0)
		*ret = (enum presence)i;
	return i >= 0;
}

bool profile_parse(const char *word, enum profile *ret)
{
	int i = word ? find(word, profile_names, PROFILE_COUNT) : -1;

	if (i >= 0)
		*ret = (enum profile)i;
	return i >= 0;
}
