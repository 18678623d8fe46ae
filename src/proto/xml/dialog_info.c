#include "proto/xml/dialog_info.h"

#include "proto/xml/walk.h"

#define NS "urn:ietf:params:xml:ns:dialog-info"

/* dialog-info / dialog / state, local, remote / target / param: the level of each is fixed, and
 * open() lets nothing else in. */
enum level { LEVEL_ROOT = 1, LEVEL_DIALOG, LEVEL_PART, LEVEL_TARGET, LEVEL_PARAM };
enum part { PART_NONE, PART_STATE, PART_LOCAL, PART_REMOTE };

struct reading {
	struct dialog_info out;
	struct dialog_entry entry;
	struct xml_word word;
	enum part part;
	uint32_t seen; /* dialogs so far */
	uint64_t salt;
};

static const char *const state_names[DIALOG_STATE_COUNT] = {
	[DIALOG_TRYING] = "trying",	[DIALOG_PROCEEDING] = "proceeding",
	[DIALOG_EARLY] = "early",	[DIALOG_CONFIRMED] = "confirmed",
	[DIALOG_TERMINATED] = "terminated", [DIALOG_OTHER] = "other",
};

const char *dialog_state_name(enum dialog_state s)
{
	return (unsigned)s < DIALOG_STATE_COUNT ? state_names[s] : "other";
}

int dialog_state_rank(enum dialog_state s)
{
	static const int8_t ranks[DIALOG_STATE_COUNT] = {
		[DIALOG_TRYING] = 1, [DIALOG_PROCEEDING] = 2, [DIALOG_EARLY] = 3, [DIALOG_CONFIRMED] = 4,
	};

	return (unsigned)s < DIALOG_STATE_COUNT ? ranks[s] : 0;
}

static enum dialog_state state_of(struct slice word)
{
	for (int s = 0; s < DIALOG_OTHER; s++)
		if (slice_is_nocase(word, state_names[s]))
			return (enum dialog_state)s;
	return DIALOG_OTHER;
}

static void open_root(struct reading *g, const struct xml_element *e)
{
	uint64_t version;

	g->out.full = !slice_is_nocase(xml_attr(e, "state"), "partial");
	if (slice_u64(slice_trim(xml_attr(e, "version")), UINT32_MAX, &version))
		return;
	g->out.version = (uint32_t)version;
	g->out.has_version = true;
}

/* The id is required and unique (RFC 4235 section 4.1.2); where it is missing the call-id names
 * the dialog, and after that its place in the document. */
static uint64_t key_of(struct reading *g, const struct xml_element *e)
{
	struct slice name = xml_attr(e, "id");
	uint64_t key;

	if (!name.n)
		name = xml_attr(e, "call-id");
	if (!name.n)
		name = slice_of((const char *)&g->seen, sizeof(g->seen));
	key = slice_hash(name, g->salt);
	return key ? key : 1;
}

static void open_dialog(struct reading *g, const struct xml_element *e)
{
	struct slice direction = xml_attr(e, "direction");

	g->entry = (struct dialog_entry){
		.key = key_of(g, e),
		.state = DIALOG_OTHER,
		.initiator = slice_is_nocase(direction, "initiator"),
		.recipient = slice_is_nocase(direction, "recipient"),
	};
	g->seen++;
}

/* RFC 4235 writes the value `pval`; Asterisk and most others write `pvalue`. */
static void open_param(struct reading *g, const struct xml_element *e)
{
	struct slice name = xml_attr(e, "pname"), value = xml_attr(e, "pvalue");

	if (!value.p)
		value = xml_attr(e, "pval");
	if (slice_is_nocase(name, "+sip.rendering") && g->part == PART_LOCAL)
		g->entry.held = slice_is_nocase(value, "no");
	if (slice_is_nocase(name, "isfocus"))
		g->entry.focus = !slice_is_nocase(value, "no") && !slice_is_nocase(value, "false");
}

static bool open_part(struct reading *g, const struct xml_element *e)
{
	g->part = slice_is(e->local, "state")	 ? PART_STATE
		  : slice_is(e->local, "local")	 ? PART_LOCAL
		  : slice_is(e->local, "remote") ? PART_REMOTE
						 : PART_NONE;
	xml_word_reset(&g->word);
	return g->part != PART_NONE;
}

static bool on_open(void *arg, const struct xml_element *e)
{
	struct reading *g = arg;

	if (e->ns.n && !slice_is(e->ns, NS))
		return false;
	switch (e->depth) {
	case LEVEL_ROOT:
		if (!slice_is(e->local, "dialog-info"))
			return false;
		open_root(g, e);
		return true;
	case LEVEL_DIALOG:
		if (!slice_is(e->local, "dialog"))
			return false;
		open_dialog(g, e);
		return true;
	case LEVEL_PART:
		return open_part(g, e);
	case LEVEL_TARGET:
		return g->part != PART_STATE && slice_is(e->local, "target");
	case LEVEL_PARAM:
		if (slice_is(e->local, "param"))
			open_param(g, e);
		return false;
	default:
		return false;
	}
}

static void on_text(void *arg, unsigned depth, struct slice piece)
{
	struct reading *g = arg;

	if (depth == LEVEL_PART && g->part == PART_STATE)
		xml_word_add(&g->word, piece);
}

/* The entry that a new one with this key replaces: its equal, or when the list is full the least
 * busy of all. */
static struct dialog_entry *place_for(struct dialog_info *out, uint64_t key)
{
	struct dialog_entry *least = &out->list[0];

	for (uint32_t i = 0; i < out->n; i++) {
		struct dialog_entry *d = &out->list[i];

		if (d->key == key)
			return d;
		if (dialog_state_rank(d->state) < dialog_state_rank(least->state))
			least = d;
	}
	if (out->n == DIALOG_INFO_MAX) {
		out->overflow = true;
		return least;
	}
	out->list[out->n] = (struct dialog_entry){ .key = key, .state = DIALOG_OTHER };
	return &out->list[out->n++];
}

static void add(struct dialog_info *out, const struct dialog_entry *d)
{
	struct dialog_entry *old = place_for(out, d->key);
	int was = dialog_state_rank(old->state), is = dialog_state_rank(d->state);

	if (is > was || old->state == DIALOG_OTHER)
		*old = *d;
}

static void on_close(void *arg, unsigned depth)
{
	struct reading *g = arg;

	if (depth == LEVEL_PART && g->part == PART_STATE)
		g->entry.state = (uint8_t)state_of(xml_word_get(&g->word));
	if (depth == LEVEL_DIALOG)
		add(&g->out, &g->entry);
}

enum err dialog_info_read(struct xml_reader *r, struct slice body, struct dialog_info *ret)
{
	static const struct xml_walk walk = { on_open, on_text, on_close };
	struct reading g = { .salt = xml_salt(r) };
	enum err e = xml_walk(r, body, &walk, &g);

	if (!e)
		*ret = g.out;
	return e;
}

void dialog_info_put(struct buf *b, struct slice entity, const char *id, uint32_t version, bool confirmed)
{
	buf_fmt(b, "<?xml version=\"1.0\"?>\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
		   "version=\"%u\" state=\"full\" entity=\"", version);
	xml_put_text(b, entity);
	buf_str(b, "\">");
	buf_fmt(b, "<dialog id=\"%s\"><state>%s</state></dialog></dialog-info>\n", id,
		confirmed ? "confirmed" : "terminated");
}
