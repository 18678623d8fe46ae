#include "source/source.h"

#include "base/check.h"
#include "source/ami/ami.h"
#include "source/csta/csta.h"
#include "source/freeswitch/freeswitch.h"
#include "source/sip/sip.h"
#include "source/webhook/webhook.h"

static const struct source_ops *const sources[] = {
	&sip_source_ops,
	&ami_source_ops,
	&csta_source_ops,
	&webhook_source_ops,
	&freeswitch_source_ops,
};

const struct source_ops *source_find(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (strcmp(sources[i]->type, type) == 0)
			return sources[i];
	return NULL;
}

uint8_t source_profile_bits(const char *const *words, uint32_t n)
{
	static const char *const names[PROFILE_COUNT] = {
#define PROFILE(id, name, label, reads_as) [PROFILE_##id] = (name),
#include "core/names.def"
	};
	uint8_t bits = 0;

	for (uint32_t i = 0; i < n; i++)
		for (uint8_t p = 0; p < PROFILE_COUNT; p++)
			if (strcmp(names[p], words[i]) == 0)
				bits |= (uint8_t)(1u << p);
	return bits;
}

static const struct {
	const char *name;
	int level;
	const char *text;
} notes[NOTE_COUNT] = {
#define NOTE(id, name, level, text) { name, level, text },
#include "source/notes.def"
};

const char *note_name(enum note n)
{
	return n < NOTE_COUNT ? notes[n].name : "?";
}

const char *note_text(enum note n)
{
	return n < NOTE_COUNT ? notes[n].text : "?";
}

int note_level(enum note n)
{
	return n < NOTE_COUNT ? notes[n].level : 7;
}
