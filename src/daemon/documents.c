#include "daemon/documents.h"

#include <stdio.h>
#include <stdlib.h>

struct held {
	struct conf_document doc; /* its slices point into bytes */
	bool left_out;
	char *bytes;
};

struct documents {
	struct held *list;
	uint32_t n, cap;
	struct conf_document *view;
};

enum err documents_new(struct documents **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? ERR_OK : ERR_NO_MEMORY;
}

void documents_free(struct documents *d)
{
	if (!d)
		return;
	for (uint32_t i = 0; i < d->n; i++)
		free(d->list[i].bytes);
	free(d->list);
	free(d->view);
	free(d);
}

static struct slice put(char **at, struct slice s)
{
	struct slice mine = slice_of(*at, s.n);

	memcpy(*at, s.p ? s.p : "", s.n);
	(*at)[s.n] = '\0';
	*at += s.n + 1;
	return mine;
}

static enum err add(struct documents *d, enum conf_document_kind kind, struct slice account,
		    struct slice name, struct slice json)
{
	const char *word = conf_document_kind_name(kind);
	size_t size = 64 + 3 * account.n + 3 * name.n + json.n;

	if (d->n == DOCUMENTS_MAX || json.n > CONF_DOCUMENT_MAX)
		return ERR_LIMIT;
	if (d->n == d->cap) {
		uint32_t cap = d->cap ? d->cap * 2 : 16;
		struct held *more = realloc(d->list, cap * sizeof(*more));

		if (!more)
			return ERR_NO_MEMORY;
		d->list = more;
		d->cap = cap;
	}
	struct held *h = &d->list[d->n];
	char *at = malloc(size);
	if (!at)
		return ERR_NO_MEMORY;
	*h = (struct held){ .bytes = at };
	h->doc.kind = (uint8_t)kind;
	h->doc.account = put(&at, account);
	h->doc.name = put(&at, name);
	h->doc.json = put(&at, json);
	h->doc.origin = at;
	snprintf(at, size - (size_t)(at - h->bytes), "console: %s %.*s%s%.*s", word,
		 SLICE_ARG(account), name.n ? "/" : "", SLICE_ARG(name));
	d->n++;
	return ERR_OK;
}

enum err documents_take(struct documents *d, struct slice kind, struct slice key,
			struct slice value)
{
	size_t slash = slice_find(key, '/');

	for (int k = 0; k < CONF_DOCUMENT_KINDS; k++)
		if (slice_is(kind, conf_document_kind_name((enum conf_document_kind)k)))
			return add(d, (enum conf_document_kind)k, slice_sub(key, 0, slash),
				   slash < key.n ? slice_sub(key, slash + 1, key.n) : SLICE_NONE,
				   value);
	return ERR_OK;
}

void documents_key(const struct conf_document *doc, char dst[static DOCUMENT_KEY_MAX])
{
	snprintf(dst, DOCUMENT_KEY_MAX, "%.*s%s%.*s", SLICE_ARG(doc->account),
		 doc->name.n ? "/" : "", SLICE_ARG(doc->name));
}

const struct conf_document *documents_list(struct documents *d, uint32_t *ret_n)
{
	uint32_t n = 0;

	free(d->view);
	d->view = calloc(d->n + 1u, sizeof(*d->view));
	for (uint32_t i = 0; d->view && i < d->n; i++)
		if (!d->list[i].left_out)
			d->view[n++] = d->list[i].doc;
	*ret_n = n;
	return d->view;
}

static bool is(const struct conf_document *x, enum conf_document_kind kind, struct slice account,
	       struct slice name)
{
	return x->kind == (uint8_t)kind && slice_eq(x->account, account) &&
	       (kind == CONF_DOCUMENT_USER ? slice_eq_nocase(x->name, name) : slice_eq(x->name, name));
}

const struct conf_document *documents_find(const struct documents *d, enum conf_document_kind kind,
					   struct slice account, struct slice name)
{
	for (uint32_t i = 0; i < d->n; i++)
		if (is(&d->list[i].doc, kind, account, name))
			return &d->list[i].doc;
	return NULL;
}

const struct conf_document *documents_at(const struct documents *d, uint32_t i)
{
	return i < d->n ? &d->list[i].doc : NULL;
}

bool documents_leave_out(struct documents *d, const struct conf_errors *errs)
{
	bool any = false;

	for (uint32_t e = 0; e < errs->n; e++)
		for (uint32_t i = 0; i < d->n && !errs->list[e].warning; i++)
			if (!d->list[i].left_out &&
			    slice_is(slice_str(errs->list[e].file), d->list[i].doc.origin))
				any = d->list[i].left_out = true;
	return any;
}

enum err documents_draft(const struct documents *d, enum conf_document_kind kind,
			 struct slice account, struct slice name, struct slice json,
			 struct documents **ret)
{
	struct documents *draft;
	enum err e = documents_new(&draft);

	for (uint32_t i = 0; i < d->n && !e; i++) {
		const struct held *h = &d->list[i];

		if (is(&h->doc, kind, account, name))
			continue;
		e = add(draft, (enum conf_document_kind)h->doc.kind, h->doc.account, h->doc.name,
			h->doc.json);
		if (!e)
			draft->list[draft->n - 1].left_out = h->left_out;
	}
	if (!e && json.p)
		e = add(draft, kind, account, name, json);
	if (e)
		documents_free(draft);
	else
		*ret = draft;
	return e;
}
