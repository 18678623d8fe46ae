/* $filter on users: the forms that the "advanced query capabilities" pages list as working without
 * ConsistencyLevel: eq and startsWith on a handful of properties, any() over collections, joined by
 * `and`, `or` and brackets. */
#include <stdlib.h>

#include "cloud_parts.h"

enum { NODES_MAX = 64, DEPTH_MAX = 16, TEXT_MAX = 16384 };

enum node_kind { NODE_OR, NODE_AND, NODE_EQ, NODE_STARTS };

enum property {
	P_ID,
	P_MAIL,
	P_UPN,
	P_NAME,
	P_NICKNAME,
	P_PROXY,
	P_IM,
	P_OTHER,
	P_TYPE,
	P_ENABLED,
	P_COUNT
};

static const struct {
	const char *name;
	bool collection, boolean;
} properties[P_COUNT] = {
	[P_ID] = { "id", false, false },
	[P_MAIL] = { "mail", false, false },
	[P_UPN] = { "userPrincipalName", false, false },
	[P_NAME] = { "displayName", false, false },
	[P_NICKNAME] = { "mailNickname", false, false },
	[P_PROXY] = { "proxyAddresses", true, false },
	[P_IM] = { "imAddresses", true, false },
	[P_OTHER] = { "otherMails", true, false },
	[P_TYPE] = { "userType", false, false },
	[P_ENABLED] = { "accountEnabled", false, true },
};

struct node {
	uint8_t kind, property;
	uint8_t left, right; /* of OR and AND */
	bool is_null, is_bool, truth;
	struct slice text;
};

struct cloud_filter {
	char source[TEXT_MAX + 1];
	char texts[TEXT_MAX + 1]; /* literals with their doubled quotes undone */
	size_t texts_n;
	struct node nodes[NODES_MAX];
	uint8_t n, root;
};

struct parser {
	struct cloud_filter *f;
	struct slice rest;
	int depth;
	const char *why;
};

static bool refuse(struct parser *p, const char *why)
{
	if (!p->why)
		p->why = why;
	return false;
}

static void blanks(struct parser *p)
{
	while (p->rest.n > 0 && p->rest.p[0] == ' ')
		p->rest = slice_sub(p->rest, 1, p->rest.n);
}

static bool sign(struct parser *p, char c)
{
	blanks(p);
	if (p->rest.n == 0 || p->rest.p[0] != c)
		return false;
	p->rest = slice_sub(p->rest, 1, p->rest.n);
	return true;
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct slice word(struct parser *p)
{
	size_t n = 0;

	blanks(p);
	while (n < p->rest.n && is_word_char(p->rest.p[n]))
		n++;
	struct slice w = slice_sub(p->rest, 0, n);
	p->rest = slice_sub(p->rest, n, p->rest.n);
	return w;
}

static bool keyword(struct parser *p, const char *k)
{
	struct slice before = p->rest;

	if (slice_is_nocase(word(p), k))
		return true;
	p->rest = before;
	return false;
}

static bool literal(struct parser *p, struct node *n)
{
	struct cloud_filter *f = p->f;
	size_t from = f->texts_n;

	if (!sign(p, '\'')) {
		struct slice w = word(p);

		n->is_null = slice_is(w, "null");
		n->truth = slice_is_nocase(w, "true");
		n->is_bool = n->truth || slice_is_nocase(w, "false");
		return n->is_null || n->is_bool || refuse(p, "A literal is expected.");
	}
	while (p->rest.n > 0) {
		char c = p->rest.p[0];

		p->rest = slice_sub(p->rest, 1, p->rest.n);
		if (c == '\'') {
			if (p->rest.n == 0 || p->rest.p[0] != '\'') {
				n->text = slice_of(f->texts + from, f->texts_n - from);
				return true;
			}
			p->rest = slice_sub(p->rest, 1, p->rest.n);
		}
		f->texts[f->texts_n++] = c;
	}
	return refuse(p, "There is an unterminated string literal.");
}

static bool new_node(struct parser *p, struct node n, uint8_t *ret)
{
	if (p->f->n == NODES_MAX)
		return refuse(p, "The filter has too many clauses.");
	p->f->nodes[p->f->n] = n;
	*ret = p->f->n++;
	return true;
}

static bool find_property(struct parser *p, struct slice name, struct node *n)
{
	for (n->property = 0; n->property < P_COUNT; n->property++)
		if (slice_is_nocase(name, properties[n->property].name))
			return true;
	return refuse(p, "Unsupported or invalid query filter clause specified for a property.");
}

/* The operator and literal behind a property, or behind any()'s variable. */
static bool comparison(struct parser *p, struct node *n)
{
	struct slice op = word(p);

	if (!slice_is_nocase(op, "eq"))
		return refuse(p, slice_is_nocase(op, "ne") || slice_is_nocase(op, "not")
					 ? "Operator needs ConsistencyLevel: eventual and $count=true."
					 : "Operator is not supported.");
	n->kind = NODE_EQ;
	return literal(p, n);
}

/* startsWith(property,'text') or, inside any(), startsWith(variable,'text'). */
static bool starts_with(struct parser *p, struct node *n, struct slice variable)
{
	n->kind = NODE_STARTS;
	if (!sign(p, '('))
		return refuse(p, "Syntax error: ( expected.");
	struct slice name = word(p);
	if (variable.n > 0 ? !slice_eq(name, variable) : !find_property(p, name, n))
		return refuse(p, "Syntax error in startsWith.");
	return (sign(p, ',') && literal(p, n) && sign(p, ')')) ||
	       refuse(p, "Syntax error in startsWith.");
}

static bool any(struct parser *p, struct node *n)
{
	if (!keyword(p, "any") || !sign(p, '('))
		return refuse(p, "Syntax error: any( expected.");
	struct slice variable = word(p);
	bool ok = variable.n > 0 && sign(p, ':');

	if (ok && keyword(p, "startsWith"))
		ok = starts_with(p, n, variable);
	else if (ok)
		ok = slice_eq(word(p), variable) && comparison(p, n);
	return (ok && sign(p, ')')) || refuse(p, "Syntax error in any().");
}

static bool clause(struct parser *p, uint8_t *ret)
{
	struct node n = { 0 };
	struct slice w = word(p);

	if (slice_is_nocase(w, "startsWith")) {
		if (!starts_with(p, &n, SLICE_NONE))
			return false;
	} else if (slice_is_nocase(w, "endsWith") || slice_is_nocase(w, "not")) {
		return refuse(p, "Operator needs ConsistencyLevel: eventual and $count=true.");
	} else {
		if (!find_property(p, w, &n))
			return false;
		if (properties[n.property].collection ? !sign(p, '/') || !any(p, &n)
						      : !comparison(p, &n))
			return refuse(p, "Invalid filter clause.");
	}
	if (n.is_bool != properties[n.property].boolean && !n.is_null)
		return refuse(p, "A binary operator with incompatible types was detected.");
	return new_node(p, n, ret);
}

static bool either(struct parser *p, uint8_t *ret);

static bool unary(struct parser *p, uint8_t *ret)
{
	bool ok;

	if (!sign(p, '('))
		return clause(p, ret);
	if (++p->depth > DEPTH_MAX)
		return refuse(p, "The filter is nested too deeply.");
	ok = either(p, ret) && (sign(p, ')') || refuse(p, "Syntax error: ) expected."));
	p->depth--;
	return ok;
}

static bool chain(struct parser *p, const char *joint, uint8_t kind,
		  bool (*part)(struct parser *, uint8_t *), uint8_t *ret)
{
	uint8_t right;

	if (!part(p, ret))
		return false;
	while (keyword(p, joint)) {
		if (!part(p, &right) ||
		    !new_node(p, (struct node){ .kind = kind, .left = *ret, .right = right }, ret))
			return false;
	}
	return true;
}

static bool both(struct parser *p, uint8_t *ret)
{
	return chain(p, "and", NODE_AND, unary, ret);
}

static bool either(struct parser *p, uint8_t *ret)
{
	return chain(p, "or", NODE_OR, both, ret);
}

struct cloud_filter *cloud_filter_parse(struct slice text, const char **ret_why)
{
	struct cloud_filter *f = calloc(1, sizeof *f);
	struct parser p = { .f = f };

	*ret_why = "The filter is too long.";
	if (!f || slice_copy(text, f->source, sizeof f->source) != ERR_OK) {
		free(f);
		return NULL;
	}
	p.rest = slice_str(f->source);
	if (either(&p, &f->root) && slice_trim(p.rest).n == 0)
		return f;
	*ret_why = p.why ? p.why : "Syntax error in the filter.";
	free(f);
	return NULL;
}

void cloud_filter_free(struct cloud_filter *f)
{
	free(f);
}

/* ---- asking ---- */

static bool text_fits(const struct node *n, const char *value)
{
	struct slice v = slice_str(value);

	if (!value)
		return n->is_null;
	if (n->is_null)
		return false;
	return slice_eq_nocase(n->kind == NODE_EQ ? v : slice_sub(v, 0, n->text.n), n->text);
}

/* The collections that hold addresses: the primary one is prefixed SMTP:, aliases smtp:. */
static bool address_fits(const struct node *n, const char *address)
{
	char text[1100];

	if (!address)
		return false;
	if (n->property == P_OTHER)
		return false; /* nobody here has other mails */
	struct buf b;
	buf_init(&b, sizeof text);
	buf_str(&b, n->property == P_PROXY ? "smtp:" : "");
	buf_str(&b, address);
	bool fits = text_fits(n, buf_cstr(&b));
	buf_fini(&b);
	return fits;
}

static bool collection_fits(const struct node *n, const struct cloud_user *u)
{
	if (address_fits(n, u->mail))
		return true;
	for (size_t i = 0; n->property == P_PROXY && i < u->aliases_n; i++)
		if (address_fits(n, u->aliases[i]))
			return true;
	return false;
}

static bool node_fits(const struct node *n, const struct cloud_user *u)
{
	char nickname[128];

	switch ((enum property)n->property) {
	case P_ID:
		return text_fits(n, u->id);
	case P_MAIL:
		return text_fits(n, u->mail);
	case P_UPN:
		return text_fits(n, u->upn);
	case P_NAME:
		return text_fits(n, u->name);
	case P_NICKNAME:
		(void)!slice_copy(slice_sub(slice_str(u->upn), 0, strcspn(u->upn, "@")), nickname,
				  sizeof nickname);
		return text_fits(n, nickname);
	case P_TYPE:
		return text_fits(n, u->guest ? "Guest" : "Member");
	case P_ENABLED:
		return n->is_bool && n->truth == !u->disabled;
	case P_PROXY:
	case P_IM:
	case P_OTHER:
		return collection_fits(n, u);
	case P_COUNT:
	default:
		return false;
	}
}

/* Nodes are made after their children, so one pass over them needs no recursion. */
bool cloud_filter_match(const struct cloud_filter *f, const struct cloud_user *u)
{
	bool fits[NODES_MAX];

	for (uint8_t i = 0; i < f->n; i++) {
		const struct node *n = &f->nodes[i];

		if (n->kind == NODE_OR)
			fits[i] = fits[n->left] || fits[n->right];
		else if (n->kind == NODE_AND)
			fits[i] = fits[n->left] && fits[n->right];
		else
			fits[i] = node_fits(n, u);
	}
	return fits[f->root];
}

int cloud_filter_names(const struct cloud_filter *f, struct slice *names, int max)
{
	int count = 0;

	for (uint8_t i = 0; i < f->n; i++) {
		const struct node *n = &f->nodes[i];
		struct slice name = n->text;

		if (n->kind == NODE_OR)
			continue;
		if (n->kind != NODE_EQ || n->is_null || count == max)
			return -1;
		if (n->property == P_PROXY && slice_starts_nocase(name, "smtp:"))
			name = slice_sub(name, 5, name.n);
		else if (n->property != P_ID && n->property != P_MAIL && n->property != P_UPN)
			return -1;
		names[count++] = name;
	}
	return count;
}
