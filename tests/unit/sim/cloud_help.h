/* cloud_help.h - a cloud with two people and one app, asked in one line. */
#ifndef TESTS_SIM_CLOUD_HELP_H
#define TESTS_SIM_CLOUD_HELP_H

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#include <jansson.h>

#include "cloud.h"

#define TENANT "11111111-2222-3333-4444-555555555555"
#define APP "99999999-8888-7777-6666-555555555555"
#define ANA "aaaaaaaa-0000-4000-8000-000000000001"
#define BO "aaaaaaaa-0000-4000-8000-000000000002"
#define NOBODY "aaaaaaaa-0000-4000-8000-00000000000f"
#define SECRET "s3cret+/= &x"
#define T0 1700000000000

struct world {
	struct cloud *c;
	struct cloud_response rs;
	int64_t now_ms;
	char bearer[4096]; /* "Bearer …", "" for none */
	const char *type;  /* Content-Type, NULL for none */
	const char *extra_name, *extra_value;
	json_t *body; /* of the last answer, NULL for an empty one */
};

static inline struct slice world_header(void *arg, const char *name)
{
	const struct world *w = arg;

	if (strcasecmp(name, "authorization") == 0 && w->bearer[0])
		return slice_str(w->bearer);
	if (strcasecmp(name, "content-type") == 0 && w->type)
		return slice_str(w->type);
	if (w->extra_name && strcasecmp(name, w->extra_name) == 0)
		return slice_str(w->extra_value);
	return SLICE_NONE;
}

static inline int world_send(struct world *w, bool control, const char *method, const char *target,
			     const char *body)
{
	struct cloud_request rq = { slice_str(method), slice_str(target), world_header, w,
				    slice_str(body) };

	if (control)
		cloud_control(w->c, w->now_ms, &rq, &w->rs);
	else
		cloud_request(w->c, w->now_ms, &rq, &w->rs);
	json_decref(w->body);
	w->body = json_loadb(w->rs.body.n ? w->rs.body.p : "", w->rs.body.n, JSON_DECODE_ANY, NULL);
	assert_true(w->rs.body.n == 0 || w->body);
	return w->rs.status;
}

static inline int ask(struct world *w, const char *method, const char *target, const char *body)
{
	return world_send(w, false, method, target, body);
}

static inline int control(struct world *w, const char *method, const char *target, const char *body)
{
	return world_send(w, true, method, target, body);
}

/* "error.code" -> text; "" when there is no such text. */
static inline const char *answer(struct world *w, const char *path)
{
	struct slice rest = slice_str(path), part;
	json_t *o = w->body;
	char name[64];

	while (slice_split(&rest, '.', &part)) {
		assert_int_equal(slice_copy(part, name, sizeof name), ERR_OK);
		o = name[0] >= '0' && name[0] <= '9' ? json_array_get(o, (size_t)strtoul(name, NULL, 10))
						     : json_object_get(o, name);
	}
	return json_is_string(o) ? json_string_value(o) : "";
}

static inline json_int_t answer_n(struct world *w, const char *name)
{
	return json_integer_value(json_object_get(w->body, name));
}

static inline bool answer_header_is(struct world *w, const char *name, const char *value)
{
	return slice_is(cloud_response_header(&w->rs, name), value);
}

#define TOKEN_FORM                                                                          \
	"client_id=" APP "&grant_type=client_credentials&client_secret=s3cret%2B%2F%3D+%26x" \
	"&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"

static inline int get_token(struct world *w)
{
	const char *before = w->type;

	w->bearer[0] = '\0';
	w->type = "application/x-www-form-urlencoded";
	int status = ask(w, "POST", "/" TENANT "/oauth2/v2.0/token", TOKEN_FORM);
	snprintf(w->bearer, sizeof w->bearer, "Bearer %s", answer(w, "access_token"));
	w->type = before;
	return status;
}

static inline void world_init_with(struct world *w, const struct cloud_config *more)
{
	struct secret secret = { 0 };
	struct cloud_config conf = *more;
	struct cloud_user_config ana = { .email = "ana@acme.example", .name = "Ana", .id = ANA };
	const char *aliases[] = { "bo.smith@acme.example" };
	struct cloud_user_config bo = { .email = "bo@acme.example", .upn = "b.o'neil@acme.example",
					.aliases = aliases, .aliases_n = 1, .id = BO };
	uint32_t user;

	*w = (struct world){ .now_ms = T0, .type = "application/json" };
	assert_int_equal(secret_set(&secret, slice_str(SECRET)), ERR_OK);
	conf.tenant = TENANT;
	conf.client_id = APP;
	conf.client_secret = &secret;
	conf.seed = 1;
	assert_int_equal(cloud_new(&w->c, &conf, T0), ERR_OK);
	secret_fini(&secret);
	assert_int_equal(cloud_user_add(w->c, &ana, &user), ERR_OK);
	assert_int_equal(cloud_user_add(w->c, &bo, &user), ERR_OK);
	cloud_response_init(&w->rs);
	assert_int_equal(get_token(w), 200);
}

static inline void world_init(struct world *w)
{
	world_init_with(w, &(struct cloud_config){ 0 });
}

static inline void world_fini(struct world *w)
{
	json_decref(w->body);
	cloud_response_fini(&w->rs);
	cloud_free(w->c);
}

static inline int act_on(struct world *w, const char *user, const char *action, const char *body)
{
	char target[200];

	snprintf(target, sizeof target, "/v1.0/users/%s/presence/%s", user, action);
	return ask(w, "POST", target, body);
}

static inline int set(struct world *w, const char *user, const char *availability,
		      const char *activity, const char *duration)
{
	char body[300];

	snprintf(body, sizeof body,
		 "{\"sessionId\":\"" APP "\",\"availability\":\"%s\",\"activity\":\"%s\"%s%s%s}",
		 availability, activity, duration ? ",\"expirationDuration\":\"" : "",
		 duration ? duration : "", duration ? "\"" : "");
	return act_on(w, user, "setPresence", body);
}

/* "Availability/Activity" as GET says it. */
static inline const char *seen(struct world *w, const char *user)
{
	static char text[100];
	char target[100];

	snprintf(target, sizeof target, "/v1.0/users/%s/presence", user);
	assert_int_equal(ask(w, "GET", target, ""), 200);
	snprintf(text, sizeof text, "%s/%s", answer(w, "availability"), answer(w, "activity"));
	return text;
}

#define CLEAR_BODY "{\"sessionId\":\"" APP "\"}"
#define SET_BODY \
	"{\"sessionId\":\"" APP "\",\"availability\":\"Busy\",\"activity\":\"InACall\"}"

#endif
