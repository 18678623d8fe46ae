#include "proto/xml/feature_event.h"

#include "base/check.h"
#include "proto/xml/walk.h"

enum field { FIELD_NONE, FIELD_SWITCH, FIELD_TYPE, FIELD_TO };

struct reading {
	struct feature_event out;
	uint8_t root, field;
	bool has_switch;
	struct xml_word word;
};

static enum field field_of(uint8_t root, struct slice local)
{
	if (root == FEATURE_DND)
		return slice_is(local, "doNotDisturbOn") ? FIELD_SWITCH : FIELD_NONE;
	if (slice_is(local, "forwardStatus"))
		return FIELD_SWITCH;
	if (slice_is(local, "forwardingType"))
		return FIELD_TYPE;
	return slice_is(local, "forwardTo") ? FIELD_TO : FIELD_NONE;
}

static bool on_open(void *arg, const struct xml_element *e)
{
	struct reading *g = arg;

	if (e->depth == 1) {
		if (slice_is(e->local, "DoNotDisturbEvent"))
			g->root = FEATURE_DND;
		else if (slice_is(e->local, "ForwardingEvent"))
			g->root = FEATURE_FORWARD;
		return true;
	}
	if (e->depth != 2 || g->root == FEATURE_OTHER)
		return false;
	g->field = (uint8_t)field_of(g->root, e->local);
	xml_word_reset(&g->word);
	return g->field != FIELD_NONE;
}

static void on_text(void *arg, unsigned depth, struct slice piece)
{
	struct reading *g = arg;

	if (depth == 2)
		xml_word_add(&g->word, piece);
}

static void take_switch(struct reading *g, struct slice word)
{
	bool on = slice_is_nocase(word, "true") || slice_is(word, "1");

	g->has_switch = on || slice_is_nocase(word, "false") || slice_is(word, "0");
	g->out.on = on;
}

static enum feature_forward type_of(struct slice word)
{
	if (slice_is_nocase(word, "forwardImmediate"))
		return FEATURE_FORWARD_IMMEDIATE;
	if (slice_is_nocase(word, "forwardBusy"))
		return FEATURE_FORWARD_BUSY;
	return slice_is_nocase(word, "forwardNoAns") ? FEATURE_FORWARD_NO_ANSWER
						     : FEATURE_FORWARD_OTHER;
}

static void on_close(void *arg, unsigned depth)
{
	struct reading *g = arg;
	struct slice word = xml_word_get(&g->word);

	if (depth != 2)
		return;
	if (g->field == FIELD_SWITCH)
		take_switch(g, word);
	else if (g->field == FIELD_TYPE)
		g->out.forward = (uint8_t)type_of(word);
	else if (g->field == FIELD_TO && slice_copy(word, g->out.to, sizeof(g->out.to)))
		g->out.to[0] = '\0';
}

enum err feature_event_read(struct xml_reader *r, struct slice body, struct feature_event *ret)
{
	static const struct xml_walk walk = { on_open, on_text, on_close };
	struct reading g = { 0 };
	enum err e = xml_walk(r, body, &walk, &g);

	if (e)
		return e;
	g.out.kind = g.has_switch ? g.root : FEATURE_OTHER;
	*ret = g.out;
	return ERR_OK;
}

void feature_put_dnd(struct buf *b, struct slice device, bool on)
{
	buf_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		   "<SetDoNotDisturb "
		   "xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\">\r\n"
		   "<device>");
	xml_put_text(b, device);
	buf_fmt(b, "</device>\r\n<doNotDisturbOn>%s</doNotDisturbOn>\r\n</SetDoNotDisturb>\r\n",
		on ? "true" : "false");
}
