/* api_openapi.c - the API's own description: made once, when somebody first asks. */
#include "admin/impl.h"
#include "admin/openapi.h"

void api_openapi(struct request *r)
{
	struct admin *a = r->admin;
	const char *known = MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, "If-None-Match");

	if (!a->openapi.n) {
		buf_init(&a->openapi, OPENAPI_BYTES_MAX);
		openapi_make(&a->openapi);
	}
	if (buf_err(&a->openapi)) {
		buf_fini(&a->openapi);
		respond_problem(r, 503, "no memory", "try again");
		return;
	}
	admin_etag(buf_view(&a->openapi), r->etag_text);
	r->etag = r->etag_text;
	r->content_type = "application/json";
	r->status = known && strcmp(known, r->etag) == 0 ? 304 : 200;
	r->asset = slice_sub(buf_view(&a->openapi), 0, r->status == 200 ? a->openapi.n : 0);
}
