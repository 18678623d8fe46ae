#include "source/source.h"

#include "base/check.h"
#include "source/ami/ami.h"
#include "source/freeswitch/freeswitch.h"
#include "source/sip/sip.h"
#include "source/webhook/webhook.h"

static const struct source_ops *const sources[] = {
	&sip_source_ops,
	&ami_source_ops,
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
