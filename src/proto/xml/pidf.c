#include "proto/xml/pidf.h"

#include "base/check.h"
#include "proto/xml/walk.h"

#define NS_CISCO "urn:cisco:params:xml:ns:pidf:rpid"

/* What an open element is to us. Its parent's kind decides what may stand in it. */
enum kind {
	KIND_NONE,
	KIND_PRESENCE,
	KIND_SOURCE, /* tuple, person, device */
	KIND_STATUS,
	KIND_BASIC,
	KIND_NOTE,
	KIND_ACTIVITIES,
	KIND_COUNT
};

enum { LEVELS = 6 };

struct reading {
	struct pidf out;
	uint8_t kind[LEVELS]; /* by depth */
	struct xml_word word;
};

enum flag {
	FLAG_OPEN = 1 << 0,
	FLAG_CLOSED = 1 << 1,
	FLAG_RINGING = 1 << 2,
	FLAG_PHONE = 1 << 3,
	FLAG_HELD = 1 << 4,
	FLAG_BUSY = 1 << 5,
	FLAG_MEETING = 1 << 6,
	FLAG_AWAY = 1 << 7,
	FLAG_DND = 1 << 8,
	FLAG_UNAVAILABLE = 1 << 9,
};

struct word {
	const char *name;
	unsigned flags;
};

/* RPID activities (RFC 4480 section 3.2) and Cisco's; those not named say nothing of being there. */
static const struct word activities[] = {
	{ "on-the-phone", FLAG_PHONE },
	{ "busy", FLAG_BUSY },
	{ "appointment", FLAG_BUSY },
	{ "performance", FLAG_BUSY },
	{ "presentation", FLAG_BUSY },
	{ "meeting", FLAG_MEETING },
	{ "away", FLAG_AWAY },
	{ "breakfast", FLAG_AWAY },
	{ "dinner", FLAG_AWAY },
	{ "holiday", FLAG_AWAY },
	{ "in-transit", FLAG_AWAY },
	{ "meal", FLAG_AWAY },
	{ "permanent-absence", FLAG_AWAY },
	{ "sleeping", FLAG_AWAY },
	{ "travel", FLAG_AWAY },
	{ "vacation", FLAG_AWAY },
	{ "alerting", FLAG_RINGING },
	{ "dnd", FLAG_DND },
};

static const struct word notes[] = {
	{ "ringing", FLAG_RINGING },
	{ "on the phone", FLAG_PHONE },
	{ "on hold", FLAG_PHONE | FLAG_HELD },
	{ "unavailable", FLAG_UNAVAILABLE },
	{ "busy", FLAG_BUSY },
	{ "in a meeting", FLAG_MEETING },
	{ "away", FLAG_AWAY },
	{ "dnd", FLAG_DND },
	{ "do not disturb", FLAG_DND },
};

static const struct word basics[] = {
	{ "open", FLAG_OPEN },
	{ "closed", FLAG_CLOSED },
};

static unsigned flags_of(const struct word *table, size_t n, struct slice word)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is_nocase(word, table[i].name))
			return table[i].flags;
	return 0;
}

static void set_flags(struct pidf *out, unsigned flags)
{
	out->open |= (flags & FLAG_OPEN) != 0;
	out->closed |= (flags & FLAG_CLOSED) != 0;
	out->ringing |= (flags & FLAG_RINGING) != 0;
	out->on_the_phone |= (flags & FLAG_PHONE) != 0;
	out->held |= (flags & FLAG_HELD) != 0;
	out->busy |= (flags & FLAG_BUSY) != 0;
	out->meeting |= (flags & FLAG_MEETING) != 0;
	out->away |= (flags & FLAG_AWAY) != 0;
	out->dnd |= (flags & FLAG_DND) != 0;
	out->unavailable |= (flags & FLAG_UNAVAILABLE) != 0;
}

static bool known_ns(struct slice ns)
{
	static const char *const known[] = {
		"urn:ietf:params:xml:ns:pidf",
		"urn:ietf:params:xml:ns:pidf:data-model",
		"urn:ietf:params:xml:ns:pidf:rpid",
		"urn:ietf:params:xml:ns:pidf:status:rpid", /* old draft, CUCM */
		NS_CISCO,
	};

	if (!ns.n)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (slice_is(ns, known[i]))
			return true;
	return false;
}

/* Which kinds may stand in which: a row a child name, bits of the allowed parents. */
static enum kind kind_of(enum kind parent, struct slice local)
{
	static const struct {
		const char *name;
		enum kind kind;
		unsigned parents;
	} table[] = {
		{ "presence", KIND_PRESENCE, 1u << KIND_NONE },
		{ "tuple", KIND_SOURCE, 1u << KIND_PRESENCE },
		{ "person", KIND_SOURCE, 1u << KIND_PRESENCE },
		{ "device", KIND_SOURCE, 1u << KIND_PRESENCE },
		{ "status", KIND_STATUS, 1u << KIND_SOURCE },
		{ "basic", KIND_BASIC, 1u << KIND_STATUS },
		{ "note", KIND_NOTE, 1u << KIND_PRESENCE | 1u << KIND_SOURCE | 1u << KIND_STATUS },
		{ "activities", KIND_ACTIVITIES, 1u << KIND_SOURCE | 1u << KIND_STATUS },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].parents >> parent & 1u && slice_is(local, table[i].name))
			return table[i].kind;
	return KIND_NONE;
}

static bool on_open(void *arg, const struct xml_element *e)
{
	struct reading *g = arg;
	enum kind parent, kind;

	if (e->depth >= LEVELS || !known_ns(e->ns))
		return false;
	parent = g->kind[e->depth - 1];
	if (parent == KIND_ACTIVITIES || slice_is(e->ns, NS_CISCO))
		set_flags(&g->out, flags_of(activities, ARRAY_LEN(activities), e->local));
	kind = kind_of(parent, e->local);
	g->kind[e->depth] = (uint8_t)kind;
	xml_word_reset(&g->word);
	return kind != KIND_NONE;
}

static void on_text(void *arg, unsigned depth, struct slice piece)
{
	struct reading *g = arg;

	if (g->kind[depth] == KIND_NOTE || g->kind[depth] == KIND_BASIC)
		xml_word_add(&g->word, piece);
}

static void on_close(void *arg, unsigned depth)
{
	struct reading *g = arg;

	if (g->kind[depth] == KIND_NOTE)
		set_flags(&g->out, flags_of(notes, ARRAY_LEN(notes), xml_word_get(&g->word)));
	if (g->kind[depth] == KIND_BASIC)
		set_flags(&g->out, flags_of(basics, ARRAY_LEN(basics), xml_word_get(&g->word)));
}

enum err pidf_read(struct xml_reader *r, struct slice body, struct pidf *ret)
{
	static const struct xml_walk walk = { on_open, on_text, on_close };
	struct reading g = { 0 };
	enum err e = xml_walk(r, body, &walk, &g);

	if (!e)
		*ret = g.out;
	return e;
}
