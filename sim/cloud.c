/* The whole of it: made, asked, advanced, taken down. */
#include "cloud.h"

#include <stdio.h>
#include <stdlib.h>

#include "cloud_parts.h"

static const char *const op_names[] = {
#define CLOUD_OP(id, name) name,
#include "cloud_ops.def"
};

const char *cloud_op_name(unsigned op)
{
	CHECK(op < ARRAY_LEN(op_names));
	return op_names[op];
}

static const struct cloud_limit_config *or_default(const struct cloud_limit_config *given,
						   const struct cloud_limit_config *usual)
{
	return given->window_ms == 0 ? usual : given;
}

static enum err set_up(struct cloud *c, const struct cloud_config *conf)
{
	static const struct cloud_limit_config presence = { .shape = CLOUD_LIMIT_SLIDING,
							    .quota = 1500,
							    .window_ms = 30000 };
	static const struct cloud_limit_config directory = { .shape = CLOUD_LIMIT_BUCKET,
							     .quota = 8000,
							     .window_ms = 10000 };
	enum err e = cloud_presence_limit(c, c->now_ms, or_default(&conf->presence, &presence));

	if (!e)
		e = cloud_directory_limit(c, c->now_ms, or_default(&conf->directory, &directory));
	if (!e)
		e = cloud_switch(c, &(struct cloud_switches){ 0 });
	if (!e)
		e = cloud_app_add(c, conf->client_id, conf->client_secret, NULL);
	if (!e && conf->jwt)
		e = cloud_jwt_new(&c->jwt);
	return e;
}

enum err cloud_new(struct cloud **ret, const struct cloud_config *conf, int64_t now_ms)
{
	struct cloud *c;
	enum err e;

	if (!cloud_is_guid(slice_str(conf->tenant)) || !cloud_is_guid(slice_str(conf->client_id)))
		return ERR_LIMIT;
	c = calloc(1, sizeof *c);
	if (c)
		c->log = calloc(CLOUD_LOG, sizeof *c->log);
	if (!c || !c->log) {
		free(c);
		return ERR_NO_MEMORY;
	}
	c->seed = conf->seed;
	c->random.state = conf->seed;
	c->now_ms = now_ms;
	snprintf(c->tenant, sizeof c->tenant, "%s", conf->tenant);
	snprintf(c->base, sizeof c->base, "https://graph.microsoft.com");
	cloud_rules_init(&c->rules);
	e = set_up(c, conf);
	if (e) {
		cloud_free(c);
		return e;
	}
	*ret = c;
	return ERR_OK;
}

void cloud_free(struct cloud *c)
{
	if (!c)
		return;
	cloud_users_fini(c);
	cloud_groups_fini(c);
	cloud_tokens_fini(c);
	cloud_limit_fini(&c->presence);
	cloud_limit_fini(&c->directory);
	free(c->peak.at);
	free(c->log);
	free(c);
}

void cloud_set_base(struct cloud *c, const char *url)
{
	snprintf(c->base, sizeof c->base, "%s", url);
}

int64_t cloud_now(struct cloud *c, int64_t now_ms)
{
	if (now_ms + c->ahead_ms > c->now_ms)
		c->now_ms = now_ms + c->ahead_ms;
	return c->now_ms;
}

void cloud_advance(struct cloud *c, int64_t by_ms)
{
	CHECK(by_ms >= 0);
	c->ahead_ms += by_ms;
}

/* ---- apps, switches, limits ---- */

enum err cloud_app_add(struct cloud *c, const char *client_id, const struct secret *secret,
		       const char *roles)
{
	struct cloud_app *app = &c->apps[c->apps_n];
	enum err e;
	bool ok;

	if (c->apps_n == CLOUD_APPS_MAX)
		return ERR_LIMIT;
	if (!cloud_is_guid(slice_str(client_id)))
		return ERR_MALFORMED;
	app->roles = cloud_roles_parse(roles ? roles : "Presence.ReadWrite.All User.Read.All", &ok);
	if (!ok)
		return ERR_MALFORMED;
	e = secret_set(&app->secret, secret_expose(secret));
	if (e)
		return e;
	snprintf(app->id, sizeof app->id, "%s", client_id);
	c->apps_n++;
	return ERR_OK;
}

enum err cloud_app_roles(struct cloud *c, const char *client_id, const char *roles)
{
	bool ok;
	uint32_t bits = cloud_roles_parse(roles, &ok);

	if (!ok)
		return ERR_MALFORMED;
	for (size_t i = 0; i < c->apps_n; i++)
		if (strcasecmp(c->apps[i].id, client_id) == 0) {
			c->apps[i].roles = bits;
			return ERR_OK;
		}
	return ERR_NOT_FOUND;
}

enum { DELAY_MAX_MS = 600000 };

enum err cloud_switch(struct cloud *c, const struct cloud_switches *s)
{
	static const uint8_t usual[CLOUD_CHECK_COUNT] = { CLOUD_CHECK_BODY, CLOUD_CHECK_TOKEN,
							  CLOUD_CHECK_ROLE, CLOUD_CHECK_USER,
							  CLOUD_CHECK_LIMIT };
	static const uint8_t zero[CLOUD_CHECK_COUNT] = { 0 };
	struct cloud_switches all = *s;
	unsigned seen = 0;

	if (memcmp(all.order, zero, sizeof zero) == 0)
		memcpy(all.order, usual, sizeof usual);
	for (size_t i = 0; i < CLOUD_CHECK_COUNT; i++)
		if (all.order[i] < CLOUD_CHECK_COUNT)
			seen |= 1u << all.order[i];
	if (seen != (1u << CLOUD_CHECK_COUNT) - 1 || all.visible_after_ms < 0 || all.read_after_ms < 0 ||
	    all.visible_after_ms > DELAY_MAX_MS || all.read_after_ms > DELAY_MAX_MS)
		return ERR_LIMIT;
	c->switches = all;
	c->rules.oldest_wins = all.oldest_wins;
	return ERR_OK;
}

enum err cloud_presence_limit(struct cloud *c, int64_t now_ms, const struct cloud_limit_config *l)
{
	c->peak.n = 0;
	c->peak.peak = 0;
	return cloud_limit_set(&c->presence, l, cloud_now(c, now_ms));
}

enum err cloud_directory_limit(struct cloud *c, int64_t now_ms, const struct cloud_limit_config *l)
{
	return cloud_limit_set(&c->directory, l, cloud_now(c, now_ms));
}

void cloud_retry_after(struct cloud *c, enum cloud_retry_after form)
{
	CHECK(form < CLOUD_RETRY_COUNT);
	c->retry_form = (uint8_t)form;
}

void cloud_counters(const struct cloud *c, struct cloud_counters *ret)
{
	*ret = c->counters;
	ret->presence_peak = c->peak.peak;
}

/* ---- requests ---- */

void cloud_log_call(struct cloud_call *k)
{
	struct cloud_log_entry *e = &k->c->log[k->c->log_next % CLOUD_LOG];
	struct slice path = k->rq->target, method = k->rq->method;

	*e = (struct cloud_log_entry){ .id = k->c->log_next++,
				       .at_ms = k->now_ms,
				       .status = k->rs->cut == CLOUD_CUT_BEFORE ? 0 : k->rs->status,
				       .op = k->route ? k->route->op : k->op,
				       .part = k->outer != NULL,
				       .user = k->user };
	(void)!slice_copy(slice_sub(method, 0, 7), e->method, sizeof e->method);
	(void)!slice_copy(slice_sub(path, 0, sizeof e->path - 1), e->path, sizeof e->path);
	memcpy(e->summary, k->summary, sizeof e->summary);
}

static void finish(struct cloud_call *k)
{
	char *text = k->out ? json_dumps(k->out, JSON_COMPACT) : NULL;

	if (text) {
		cloud_header_add(k, "Content-Type",
				 k->token || k->route ? "application/json;odata.metadata=minimal;"
							"odata.streaming=true;charset=utf-8"
						      : "application/json; charset=utf-8");
		buf_str(&k->rs->body, text);
	}
	free(text);
}

void cloud_request(struct cloud *c, int64_t now_ms, const struct cloud_request *rq,
		   struct cloud_response *ret)
{
	struct cloud_call k = { .c = c, .rq = rq, .rs = ret, .user = CLOUD_NO_USER };

	cloud_response_fini(ret);
	cloud_response_init(ret);
	k.now_ms = cloud_now(c, now_ms);
	ret->date_ms = k.now_ms;
	cloud_guid(&c->random, k.request_id);
	if (rq->target.n > CLOUD_TARGET_MAX / 2 || rq->target.n == 0 || rq->target.p[0] != '/')
		cloud_fail(&k, 414, "BadRequest", "The request target is not usable.");
	else if (rq->body.n > CLOUD_BODY_MAX)
		cloud_fail(&k, 413, "BadRequest", "The request body is too large.");
	else if (!cloud_login(&k))
		cloud_graph(&k);
	finish(&k);
	cloud_call_fini(&k);
}
