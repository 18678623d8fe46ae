#include "admin/auth/document.h"

json_t *grants_json(const struct grants *g)
{
	json_t *list = json_array();

	for (uint32_t i = 0; list && i < g->n; i++)
		json_array_append_new(list,
				      json_pack("{s:s,s:s}", "account", g->list[i].account, "role",
						role_name((enum role)g->list[i].role)));
	return list;
}

enum err grants_parse(json_t *list, struct grants *ret)
{
	struct grants g = { 0 };
	json_t *row;
	size_t i;

	if (!json_is_array(list))
		return ERR_MALFORMED;
	json_array_foreach(list, i, row)
	{
		const char *account = json_string_value(json_object_get(row, "account"));
		const char *word = json_string_value(json_object_get(row, "role"));
		enum role role;
		enum err e;

		if (!account || !*account || !word || !role_parse(slice_str(word), &role) ||
		    json_object_size(row) != 2)
			return ERR_MALFORMED;
		e = grants_add(&g, slice_str(account), role);
		if (e)
			return e;
	}
	*ret = g;
	return ERR_OK;
}

bool document_text(json_t *doc, const char *key, char *dst, size_t cap)
{
	json_t *v = json_object_get(doc, key);

	return json_is_string(v) &&
	       !slice_copy(slice_of(json_string_value(v), json_string_length(v)), dst, cap);
}

int64_t document_number(json_t *doc, const char *key)
{
	return json_integer_value(json_object_get(doc, key));
}
