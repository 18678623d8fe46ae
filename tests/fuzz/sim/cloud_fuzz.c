/* cloud_fuzz.c - the stand-in for Graph and its control API: any target and JSON body, as
 * "METHOD target\nbody"; a first byte 'c' asks the control API. */
#include <stdio.h>

#include "base/check.h"
#include "cloud.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char token[600];

static struct slice header(void *arg, const char *name)
{
	(void)arg;
	if (slice_is_nocase(slice_str(name), "authorization"))
		return slice_str(token);
	return slice_is_nocase(slice_str(name), "content-type") ? SLICE_LIT("application/json") : SLICE_NONE;
}

static void ask(struct cloud *c, bool control, struct slice method, struct slice target,
		struct slice body, struct cloud_response *ret)
{
	const struct cloud_request rq = {
		.method = method, .target = target, .header = header, .body = body
	};

	(control ? cloud_control : cloud_request)(c, 1790000000000, &rq, ret);
}

static void sign_in(struct cloud *c, struct cloud_response *r)
{
	ask(c, false, SLICE_LIT("POST"),
	    SLICE_LIT("/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token"),
	    SLICE_LIT("client_id=99999999-8888-7777-6666-555555555555&client_secret=s&grant_type="
		      "client_credentials"
		      "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"),
	    r);
	struct slice body = buf_view(&r->body), mark = SLICE_LIT("\"access_token\":");
	struct slice rest = slice_sub(body, slice_find_str(body, mark) + mark.n, body.n);

	slice_split(&rest, '"', &mark);
	if (slice_split(&rest, '"', &mark))
		snprintf(token, sizeof(token), "Bearer %.*s", SLICE_ARG(mark));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct secret secret;
	const struct cloud_config config = { .tenant = "11111111-2222-3333-4444-555555555555",
					     .client_id = "99999999-8888-7777-6666-555555555555",
					     .client_secret = &secret, .seed = 1 };
	const struct cloud_user_config user = { .email = "ana@acme.example",
						.id = "aaaaaaaa-0000-0000-0000-000000000001" };
	struct slice rest = slice_of((const char *)data, size), line, method;
	bool control = size && data[0] == 'c';
	struct cloud_response r;
	struct cloud *c;
	uint32_t id;

	CHECK(secret_is_set(&secret) || !secret_set(&secret, SLICE_LIT("s")));
	CHECK(!cloud_new(&c, &config, 1790000000000) && !cloud_user_add(c, &user, &id));
	cloud_response_init(&r);
	sign_in(c, &r);
	if (control)
		rest = slice_sub(rest, 1, rest.n);
	if (slice_split(&rest, '\n', &line) && slice_split(&line, ' ', &method)) {
		ask(c, control, method, line, rest, &r);
		CHECK(r.status >= 200 && r.status < 600);
	}
	cloud_response_fini(&r);
	cloud_free(c);
	return 0;
}
