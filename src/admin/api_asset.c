#include "admin/assets.h"
#include "admin/impl.h"

static const struct asset *find(const char *name)
{
	for (size_t i = 0; i < assets_n; i++)
		if (strcmp(assets[i].name, name) == 0)
			return &assets[i];
	return NULL;
}

void api_asset(struct request *r)
{
	const char *name = r->match.params_n ? r->match.params[0] : "index.html";
	const char *known = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "If-None-Match");
	/* browsers ask for the old name by themselves; they go by the type */
	const struct asset *f = find(strcmp(name, "favicon.ico") == 0 ? "favicon.svg" : name);

	if (!f) {
		respond_problem(r, 404, "not found", "no such path; see doc/api.md");
		return;
	}
	r->etag = f->etag;
	r->content_type = f->type;
	r->status = known && strcmp(known, f->etag) == 0 ? 304 : 200;
	if (r->status == 200)
		r->asset = slice_of(f->data, f->n);
}
