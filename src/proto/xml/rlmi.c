#include "proto/xml/rlmi.h"

#include "proto/xml/walk.h"

#define NS "urn:ietf:params:xml:ns:rlmi"

enum level { LEVEL_LIST = 1, LEVEL_RESOURCE, LEVEL_INSTANCE };

struct reading {
	struct rlmi *out;
	uint32_t uri; /* of the resource that is open */
	bool instances;
	bool has_uri;
};

/* A copy in the text pool, as its offset; 0, the empty string, when there is no room. */
static uint32_t keep(struct rlmi *out, struct slice s)
{
	uint32_t at = out->text_n;

	if (!s.n)
		return 0;
	if (s.n + 1 > sizeof(out->text) - at) {
		out->overflow = true;
		return 0;
	}
	memcpy(out->text + at, s.p, s.n);
	out->text[at + s.n] = '\0';
	out->text_n += (uint32_t)s.n + 1;
	return at;
}

static enum rlmi_state state_of(struct slice word)
{
	return slice_is_nocase(word, "active")	     ? RLMI_ACTIVE
	       : slice_is_nocase(word, "pending")    ? RLMI_PENDING
	       : slice_is_nocase(word, "terminated") ? RLMI_TERMINATED
						     : RLMI_OTHER;
}

static struct slice without_cid(struct slice s)
{
	s = slice_trim(s);
	if (slice_starts_nocase(s, "cid:"))
		s = slice_sub(s, 4, s.n);
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = slice_sub(s, 1, s.n - 1);
	return s;
}

static void add(struct reading *g, const struct rlmi_resource *x)
{
	if (g->out->n == RLMI_MAX)
		g->out->overflow = true;
	else if (x->uri) /* without one it names nothing */
		g->out->list[g->out->n++] = *x;
}

static void open_list(struct reading *g, const struct xml_element *e)
{
	struct slice uri = xml_attr(e, "uri"), full = xml_attr(e, "fullState");
	uint64_t version;

	g->has_uri = uri.n > 0;
	g->out->uri = keep(g->out, uri);
	g->out->full_state = slice_is_nocase(full, "true") || slice_is(full, "1");
	if (!slice_u64(slice_trim(xml_attr(e, "version")), UINT32_MAX, &version))
		g->out->version = (uint32_t)version;
}

static void open_instance(struct reading *g, const struct xml_element *e)
{
	struct rlmi_resource x = { .uri = g->uri, .state = (uint8_t)state_of(xml_attr(e, "state")) };

	g->instances = true;
	if (g->out->n < RLMI_MAX) {
		x.cid = keep(g->out, without_cid(xml_attr(e, "cid")));
		x.reason = keep(g->out, xml_attr(e, "reason"));
	}
	add(g, &x);
}

static bool on_open(void *arg, const struct xml_element *e)
{
	struct reading *g = arg;

	if (e->ns.n && !slice_is(e->ns, NS))
		return false;
	switch (e->depth) {
	case LEVEL_LIST:
		if (!slice_is(e->local, "list"))
			return false;
		open_list(g, e);
		return g->has_uri;
	case LEVEL_RESOURCE:
		if (!slice_is(e->local, "resource"))
			return false;
		g->uri = g->out->n < RLMI_MAX ? keep(g->out, xml_attr(e, "uri")) : 0;
		g->instances = false;
		return true;
	case LEVEL_INSTANCE:
		if (slice_is(e->local, "instance"))
			open_instance(g, e);
		return false;
	default:
		return false;
	}
}

static void on_text(void *arg, unsigned depth, struct slice piece)
{
	(void)arg;
	(void)depth;
	(void)piece;
}

static void on_close(void *arg, unsigned depth)
{
	struct reading *g = arg;

	if (depth == LEVEL_RESOURCE && !g->instances)
		add(g, &(struct rlmi_resource){ .uri = g->uri, .state = RLMI_NONE });
}

enum err rlmi_read(struct xml_reader *r, struct slice body, struct rlmi *ret)
{
	static const struct xml_walk walk = { on_open, on_text, on_close };
	struct reading g = { .out = ret };

	ret->uri = ret->version = ret->n = 0;
	ret->full_state = ret->overflow = false;
	ret->text[0] = '\0';
	ret->text_n = 1;
	return xml_walk(r, body, &walk, &g);
}
