#include <stdio.h>

#include "admin/assets.h"
#include "admin/impl.h"

static const struct asset *find(const char *name)
{
	for (size_t i = 0; i < assets_n; i++)
		if (strcmp(assets[i].name, name) == 0)
			return &assets[i];
	return NULL;
}

/* "" for a name that no file has. */
static void asset_name(const struct request *r, char *dst, size_t cap)
{
	const struct route_match *m = &r->match;
	const char *first = m->params_n ? m->params[0] : "index.html";
	int n = m->params_n > 1 ? snprintf(dst, cap, "%s/%s", first, m->params[1])
				: snprintf(dst, cap, "%s", first);

	if (n < 0 || (size_t)n >= cap)
		dst[0] = '\0';
}

void api_asset(struct request *r)
{
	const struct asset_form *form;
	char name[64];
	const char *known = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "If-None-Match");

	asset_name(r, name, sizeof(name));
	/* browsers ask for the old name by themselves; they go by the type */
	const struct asset *f = find(strcmp(name, "favicon.ico") == 0 ? "favicon.svg" : name);

	if (!f) {
		r->admin->refused[REFUSED_ROUTE]++;
		respond_problem(r, 404, "not found", "no such path; see doc/api.md");
		return;
	}
	r->packed = request_takes_gzip(r);
	form = r->packed ? &f->packed : &f->plain;
	r->etag = form->etag;
	r->content_type = f->type;
	r->status = known && strcmp(known, form->etag) == 0 ? 304 : 200;
	r->asset = slice_of(form->data, r->status == 200 ? form->n : 0);
}
