#include "daemon/clouds.h"

#include <stdlib.h>

#include "base/check.h"
#include "io/http_client.h"

enum { CONNECTIONS = 16, UNDER_WAY_MAX = 128 };

struct cloud {
	struct clouds *owner;
	struct http_client *client;
	uint32_t realm;
	bool stale; /* the configuration may say something else now */
};

struct clouds {
	struct loop *loop;
	struct bridge *bridge;
	uint32_t realms;
	struct cloud list[];
};

_Static_assert((int)HTTP_ANSWERED == (int)HTTP_RESULT_ANSWERED &&
		       (int)HTTP_NOT_SENT == (int)HTTP_RESULT_NOT_SENT &&
		       (int)HTTP_UNSURE == (int)HTTP_RESULT_UNSURE &&
		       (int)HTTP_STATUS_LOST == (int)HTTP_RESULT_STATUS_LOST,
	       "the sink's failures are io's results");

enum err clouds_new(struct clouds **ret, struct loop *l, struct bridge *b, uint32_t realms)
{
	struct clouds *c = calloc(1, sizeof(*c) + realms * sizeof(c->list[0]));

	if (!c)
		return ERR_NO_MEMORY;
	*c = (struct clouds){ .loop = l, .bridge = b, .realms = realms };
	for (uint32_t i = 0; i < realms; i++) {
		c->list[i].owner = c;
		c->list[i].realm = i;
	}
	*ret = c;
	return ERR_OK;
}

void clouds_free(struct clouds *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->realms; i++)
		http_client_free(c->list[i].client);
	free(c);
}

static struct bridge_time now(const struct clouds *c)
{
	return (struct bridge_time){ loop_mono_ms(c->loop), loop_wall_ms(c->loop) };
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct cloud *c = arg;
	const struct graph_response r = {
		.id = a->id, .failure = a->result, .status = a->status, .retry_after = a->retry_after,
		.www_authenticate = a->www_authenticate, .request_id = a->request_id, .body = a->body,
		.error = a->error,
	};

	bridge_feed_graph(c->owner->bridge, now(c->owner), c->realm, &r);
}

static void fail(struct cloud *c, uint32_t id, enum http_failure failure, const char *why)
{
	const struct graph_response r = { .id = id, .failure = (uint8_t)failure, .error = why };

	bridge_feed_graph(c->owner->bridge, now(c->owner), c->realm, &r);
}

/* A client with the present settings. The one of older settings serves until nothing of it is under way,
 * and the one of an account that is gone until the end: what it held has to be given back. */
static enum err renew(struct cloud *c, const struct conf_account *account)
{
	if (c->client && (!c->stale || !account || http_client_under_way(c->client)))
		return ERR_OK;
	if (!account)
		return ERR_NOT_FOUND;
	const struct http_config config = { .ca_file = account->teams.ca_file, .proxy = account->teams.proxy,
					    .user_agent = "offhook/" OFFHOOK_VERSION, .http2 = true,
					    .connections_max = CONNECTIONS, .requests_max = UNDER_WAY_MAX };
	http_client_free(c->client);
	c->client = NULL;
	c->stale = false;
	return http_client_new(&c->client, c->owner->loop, &config, on_answer, c);
}

void clouds_send(struct clouds *c, uint32_t realm, const struct conf_account *account,
		 const struct graph_request *r)
{
	CHECK(realm < c->realms);
	struct cloud *cloud = &c->list[realm];
	const struct http_request request = { .id = r->id, .method = r->post ? "POST" : "GET", .url = r->url,
					      .headers = r->headers, .body = r->body,
					      .timeout_ms = r->timeout_ms };
	enum err e = renew(cloud, account);

	if (!e)
		e = http_client_send(cloud->client, &request);
	if (e)
		fail(cloud, request.id, HTTP_NOT_SENT, err_name(e));
}

bool clouds_drop(struct clouds *c, uint32_t realm)
{
	CHECK(realm < c->realms);
	struct cloud *cloud = &c->list[realm];

	if (cloud->client && http_client_under_way(cloud->client))
		return false;
	http_client_free(cloud->client);
	cloud->client = NULL;
	cloud->stale = false;
	return true;
}

void clouds_renew(struct clouds *c)
{
	for (uint32_t i = 0; i < c->realms; i++)
		c->list[i].stale = c->list[i].client != NULL;
}
