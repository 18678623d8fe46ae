#include "proto/graph/users.h"

#include "proto/graph/percent.h"

/* The address as an OData literal, percent-encoded: lower case, quotes doubled. */
static void add_literal(struct buf *b, struct slice email)
{
	for (size_t i = 0; i < email.n; i++) {
		char c = email.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == '\'')
			buf_str(b, "%27");
		percent_add(b, slice_of(&c, 1));
	}
	buf_str(b, "%27");
}

void users_query(struct buf *b, const char *graph_url, struct slice email)
{
	buf_str(b, graph_url);
	buf_str(b, "/v1.0/users?$filter=mail%20eq%20%27");
	add_literal(b, email);
	buf_str(b, "%20or%20userPrincipalName%20eq%20%27");
	add_literal(b, email);
	buf_str(b, "%20or%20proxyAddresses%2Fany%28p%3Ap%20eq%20%27smtp%3A");
	add_literal(b, email);
	buf_str(b, "%29&$select=id,mail,userPrincipalName,proxyAddresses,accountEnabled,userType,"
		   "assignedPlans");
}

static void judge(const json_t *row, struct slice email, struct graph_person *p, struct users_match *ret)
{
	if (!person_read(row, NULL, p))
		return;
	uint8_t via = (uint8_t)person_has(p, email);
	if (via == VIA_NONE)
		return;
	uint32_t *n = &ret->n[p->class];
	if (*n == 0 && p->class < ret->class) {
		ret->class = p->class;
		ret->via = via;
		memcpy(ret->id, p->id, sizeof(ret->id));
	}
	if (*n == 0 || p->class != ret->class || !slice_eq_nocase(slice_str(ret->id), slice_str(p->id)))
		++*n;
}

enum err users_answer(struct slice body, struct slice email, struct users_match *ret)
{
	struct graph_person p;
	json_t *doc = graph_json(body, USERS_BODY_MAX);
	const json_t *rows = json_object_get(doc, "value");
	enum err e = json_is_array(rows) ? ERR_OK : ERR_MALFORMED;

	if (e == ERR_OK)
		*ret = (struct users_match){ .class = PERSON_CLASS_COUNT };
	for (size_t i = 0; i < json_array_size(rows); i++)
		judge(json_array_get(rows, i), email, &p, ret);
	json_decref(doc);
	return e;
}
