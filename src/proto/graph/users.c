#include "proto/graph/users.h"

#include "proto/graph/json.h"
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
	buf_str(b, "%29&$select=id,mail,userPrincipalName,proxyAddresses,accountEnabled,userType");
}

static bool text_is(const json_t *row, const char *key, struct slice email)
{
	const char *text = graph_json_text(row, key);

	return text && slice_eq_nocase(slice_str(text), email);
}

static bool has_proxy(const json_t *row, struct slice email)
{
	const json_t *all = json_object_get(row, "proxyAddresses");

	for (size_t i = 0; i < json_array_size(all); i++) {
		struct slice s = slice_str(json_string_value(json_array_get(all, i)));

		if (slice_starts_nocase(s, "smtp:") &&
		    slice_eq_nocase(slice_sub(s, 5, s.n), email))
			return true;
	}
	return false;
}

static void judge(const json_t *row, struct slice email, struct users_match *ret)
{
	struct slice id = slice_str(graph_json_text(row, "id"));
	const char *type = graph_json_text(row, "userType");

	if (!graph_is_guid(id) || !(text_is(row, "mail", email) ||
				    text_is(row, "userPrincipalName", email) ||
				    has_proxy(row, email)))
		return;
	if (json_is_false(json_object_get(row, "accountEnabled"))) {
		ret->disabled++;
	} else if (type && slice_is_nocase(slice_str(type), "guest")) {
		ret->guests++;
	} else if (ret->people == 0) {
		memcpy(ret->id, id.p, id.n);
		ret->people = 1;
	} else if (!slice_eq_nocase(slice_str(ret->id), id)) {
		ret->people++;
	}
}

enum err users_answer(struct slice body, struct slice email, struct users_match *ret)
{
	json_t *doc = graph_json(body, USERS_BODY_MAX);
	const json_t *rows = json_object_get(doc, "value");
	enum err e = json_is_array(rows) ? ERR_OK : ERR_MALFORMED;

	if (e == ERR_OK)
		*ret = (struct users_match){ 0 };
	for (size_t i = 0; i < json_array_size(rows); i++)
		judge(json_array_get(rows, i), email, ret);
	json_decref(doc);
	return e;
}
