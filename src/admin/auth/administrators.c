#include "admin/auth/administrators.h"

#include <stdlib.h>

#include "admin/auth/document.h"

bool administrator_name_is_good(struct slice name)
{
	static const char others[] = "._@-";

	if (!name.n || name.n > ADMINISTRATOR_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i], l = (char)(c | 0x20);

		if (!((l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || (c && strchr(others, c))))
			return false;
	}
	return true;
}

struct administrator *administrators_find(struct administrators *a, struct slice name)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (slice_is(name, a->list[i].name))
			return &a->list[i];
	return NULL;
}

enum err administrators_add(struct administrators *a, const struct administrator *x)
{
	if (administrators_find(a, slice_str(x->name)))
		return ERR_EXISTS;
	if (a->n == ADMINISTRATORS_MAX)
		return ERR_LIMIT;
	a->list[a->n++] = *x;
	return ERR_OK;
}

void administrators_remove(struct administrators *a, struct administrator *x)
{
	*x = a->list[--a->n];
	explicit_bzero(&a->list[a->n], sizeof(a->list[0]));
}

unsigned administrators_owners(const struct administrators *a, const struct administrator *but)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < a->n; i++)
		n += &a->list[i] != but &&
		     grants_role(&a->list[i].grants, SLICE_NONE) == ROLE_OWNER;
	return n;
}

char *administrator_document(const struct administrator *x)
{
	json_t *doc = json_pack("{s:s,s:b,s:I,s:o}", "password", x->password, "must_change",
				x->must_change, "created", (json_int_t)x->created_wall_ms, "grants",
				grants_json(&x->grants));
	char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;

	json_decref(doc);
	return text;
}

bool administrators_load(struct administrators *a, struct slice name, struct slice document)
{
	json_t *doc = json_loadb(document.p, document.n, JSON_REJECT_DUPLICATES, NULL);
	struct administrator x = { 0 };
	bool good = !slice_copy(name, x.name, sizeof(x.name)) && administrator_name_is_good(name) &&
		    document_text(doc, "password", x.password, sizeof(x.password)) &&
		    !grants_parse(json_object_get(doc, "grants"), &x.grants);

	x.must_change = json_is_true(json_object_get(doc, "must_change"));
	x.created_wall_ms = document_number(doc, "created");
	json_decref(doc);
	return good && !administrators_add(a, &x);
}
