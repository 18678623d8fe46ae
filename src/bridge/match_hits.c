/* match_hits.c - whom of our users a row of the directory is about, by its addresses. */
#include "bridge/match_own.h"

void match_hit(struct match_hits *h, uint32_t user, enum person_via via)
{
	if (user == ID_NONE)
		return;
	for (uint32_t i = 0; i < h->n; i++)
		if (h->list[i].user == user)
			return;
	if (h->n < MATCH_HITS_MAX)
		h->list[h->n++] = (struct match_hit){ user, (uint8_t)via };
}

/* The property holds the e-mail, connector/number, or a number of any connector. */
static void hit_property(const struct bridge *b, uint16_t account, struct slice text, struct match_hits *h)
{
	const struct directory *d = b->directory;
	size_t slash = slice_find(text, '/');

	match_hit(h, directory_user(d, account, text), VIA_ATTRIBUTE);
	for (uint32_t c = directory_next_connector(d, 0); c != ID_NONE;
	     c = directory_next_connector(d, c + 1)) {
		struct slice number = text;

		if (directory_connector_account(d, c) != account)
			continue;
		if (slash < text.n && slice_eq(slice_sub(text, 0, slash), directory_connector_name(d, c)))
			number = slice_sub(text, slash + 1, text.n);
		uint32_t line = directory_line(d, c, number);
		if (line != ID_NONE)
			match_hit(h, directory_line_user(d, line), VIA_ATTRIBUTE);
	}
}

static void hits_of_account(const struct bridge *b, uint16_t account, const struct graph_person *p,
			    struct match_hits *h)
{
	const struct match_rules *r = &b->matcher.rules[account];

	for (uint32_t i = 0; i < p->addresses_n; i++) {
		const struct person_address *a = &p->addresses[i];

		if (!(r->by >> a->via & 1))
			continue;
		if (a->via == VIA_ATTRIBUTE)
			hit_property(b, account, a->text, h);
		else
			match_hit(h, directory_user(b->directory, account, a->text), (enum person_via)a->via);
	}
}

void match_hits_of(const struct bridge *b, uint32_t realm, const struct graph_person *p,
		   struct match_hits *h)
{
	const struct directory *d = b->directory;

	for (uint16_t a = directory_next_account(d, 0); a != UINT16_MAX; a = directory_next_account(d, a + 1))
		if (b->account_realm[a] == realm && b->matcher.rules[a].set)
			hits_of_account(b, a, p, h);
}
