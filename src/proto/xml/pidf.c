#include "proto/xml/pidf.h"

#include "base/check.h"
#include "base/date.h"
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

/* What one tuple, person or device says. */
struct source {
	unsigned flags;
	int64_t until_ms;
};

struct reading {
	struct pidf out;
	uint8_t kind[LEVELS]; /* by depth */
	struct xml_word word;
	struct source source;	  /* the foreign one that is open */
	struct source own, stale; /* all of ours, and all leftovers */
	unsigned others;	  /* flags of all foreign ones */
	const char *own_id;
	bool is_own, is_stale; /* what is open is ours, or a leftover of ours */
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
	FLAG_AVAILABLE = 1 << 10,
	FLAG_READY = 1 << 11,  /* a phone that is there: its state, nobody's statement */
	FLAG_REASON = 1 << 12, /* some activity or note, whatever it says */
	FLAG_ABSENT = 1 << 13,
};

struct word {
	const char *name;
	unsigned flags;
};

/* RPID activities (RFC 4480 section 3.2) and Cisco's; those not named say nothing of being there.
 */
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
	{ "permanent-absence", FLAG_AWAY | FLAG_ABSENT },
	{ "sleeping", FLAG_AWAY },
	{ "travel", FLAG_AWAY },
	{ "vacation", FLAG_AWAY },
	{ "alerting", FLAG_RINGING },
	{ "dnd", FLAG_DND },
	{ "available", FLAG_AVAILABLE },
};

static const struct word notes[] = {
	{ "ready", FLAG_READY },
	{ "ringing", FLAG_RINGING },
	{ "on the phone", FLAG_PHONE },
	{ "on hold", FLAG_PHONE | FLAG_HELD },
	{ "unavailable", FLAG_UNAVAILABLE },
	{ "not available", FLAG_ABSENT },
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

static void say(struct reading *g, unsigned flags)
{
	if (g->is_own || g->is_stale) {
		(g->is_own ? &g->own : &g->stale)->flags |= flags;
		return;
	}
	g->source.flags |= flags;
	g->others |= flags;
	set_flags(&g->out, flags);
	if (flags & (FLAG_PHONE | FLAG_RINGING | FLAG_DND | FLAG_UNAVAILABLE | FLAG_READY))
		g->out.phone_words = true;
}

/* Busy beside a call or DND is the phone's state put twice. */
static enum pidf_stand stand_of(unsigned flags)
{
	bool phone = flags & (FLAG_PHONE | FLAG_RINGING | FLAG_DND);

	if (flags & FLAG_MEETING)
		return PIDF_MEETING;
	if (flags & FLAG_BUSY && !phone)
		return PIDF_BUSY;
	if (flags & FLAG_ABSENT)
		return PIDF_NOT_AVAILABLE;
	if (flags & FLAG_AWAY)
		return PIDF_AWAY;
	if (phone || flags & (FLAG_UNAVAILABLE | FLAG_READY))
		return PIDF_UNSAID;
	if (flags & (FLAG_OPEN | FLAG_AVAILABLE))
		return PIDF_AVAILABLE;
	return PIDF_NOTHING;
}

static void source_opened(struct reading *g, const struct xml_element *e)
{
	struct slice id = xml_attr(e, "id");

	g->source = (struct source){ .until_ms = INT64_MAX };
	g->is_own = g->own_id && slice_starts(id, g->own_id);
	g->is_stale = !g->is_own && slice_starts(id, PIDF_OWN_ID);
}

static void source_closed(struct reading *g)
{
	enum pidf_stand stand = stand_of(g->source.flags);

	if (!g->is_own && stand > g->out.others) {
		g->out.others = stand;
		g->out.others_until_ms = g->source.until_ms;
	}
	g->source = (struct source){ 0 };
	g->is_own = g->is_stale = false;
}

static void read_until(struct reading *g, const struct xml_element *e)
{
	struct slice until = xml_attr(e, "until");
	int64_t ms;

	if (until.n && date_parse(until, &ms) == ERR_OK)
		(g->is_own ? &g->own : g->is_stale ? &g->stale : &g->source)->until_ms = ms;
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
		say(g, flags_of(activities, ARRAY_LEN(activities), e->local) | FLAG_REASON);
	kind = kind_of(parent, e->local);
	g->kind[e->depth] = (uint8_t)kind;
	xml_word_reset(&g->word);
	if (kind == KIND_SOURCE)
		source_opened(g, e);
	if (kind == KIND_ACTIVITIES)
		read_until(g, e);
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
		say(g, flags_of(notes, ARRAY_LEN(notes), xml_word_get(&g->word)) | FLAG_REASON);
	if (g->kind[depth] == KIND_BASIC)
		say(g, flags_of(basics, ARRAY_LEN(basics), xml_word_get(&g->word)));
	if (g->kind[depth] == KIND_SOURCE)
		source_closed(g);
}

/* A closed that gives no reason is what is left of a program that has gone: Kamailio writes it once
 * in place of a publication that ended. */
static bool is_closed(unsigned flags)
{
	return flags & FLAG_CLOSED && !(flags & FLAG_OPEN) && flags & FLAG_REASON;
}

static enum pidf_stand own_stand(unsigned flags)
{
	return is_closed(flags) ? PIDF_NOT_AVAILABLE : stand_of(flags);
}

/* "open" of a phone that talks, or that has only just said "Ready", is not the user's word. */
static void finish(struct reading *g)
{
	struct pidf *out = &g->out;

	if (out->phone_words && out->others <= PIDF_AVAILABLE) {
		out->others = PIDF_UNSAID;
		out->others_until_ms = INT64_MAX;
	} else if (out->others == PIDF_NOTHING && is_closed(g->others)) {
		out->others = PIDF_NOT_AVAILABLE;
	}
	out->own = own_stand(g->own.flags);
	out->own_until_ms = g->own.until_ms;
	out->stale = own_stand(g->stale.flags);
	out->stale_until_ms = g->stale.until_ms;
}

enum err pidf_read(struct xml_reader *r, struct slice body, const char *own_id, struct pidf *ret)
{
	static const struct xml_walk walk = { on_open, on_text, on_close };
	struct reading g = { .out = { .others_until_ms = INT64_MAX, .own_until_ms = INT64_MAX },
			     .own = { .until_ms = INT64_MAX },
			     .stale = { .until_ms = INT64_MAX },
			     .own_id = own_id };
	enum err e = xml_walk(r, body, &walk, &g);

	if (e)
		return e;
	finish(&g);
	*ret = g.out;
	return ERR_OK;
}

/* ---- writing ---- */

static void put_activities(struct buf *b, const struct pidf_statement *s)
{
	static const char *const words[PIDF_STAND_COUNT] = {
		[PIDF_NOT_AVAILABLE] = "other",
		[PIDF_AWAY] = "away",
		[PIDF_BUSY] = "busy",
		[PIDF_MEETING] = "meeting",
	};
	char until[DATE_LEN + 1] = "";

	if (!words[s->stand])
		return;
	if (s->until_ms != INT64_MAX)
		date_format(s->until_ms, until);
	buf_str(b, "<rpid:activities");
	if (until[0])
		buf_fmt(b, " until=\"%s\"", until);
	buf_fmt(b, "><rpid:%s/></rpid:activities>\r\n", words[s->stand]);
}

void pidf_put(struct buf *b, struct slice entity, const struct pidf_statement *s)
{
	buf_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		   "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\"\r\n"
		   " xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\"\r\n"
		   " xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\"\r\n entity=\"");
	xml_put_text(b, entity);
	buf_fmt(b, "\">\r\n<tuple id=\"%s\"><status><basic>%s</basic></status>\r\n<note>", s->id,
		s->stand == PIDF_NOT_AVAILABLE ? "closed" : "open");
	xml_put_text(b, s->note);
	buf_fmt(b, "</note></tuple>\r\n<dm:person id=\"%s-person\">", s->id);
	put_activities(b, s);
	buf_str(b, "<dm:note>");
	xml_put_text(b, s->note);
	buf_str(b, "</dm:note></dm:person>\r\n</presence>\r\n");
}
