#include "admin/pack.h"

/* Strings beyond the maximum are cut: all of them are for people to read. */
static size_t text_size(struct slice s)
{
	return s.n < PACK_STRING_MAX ? s.n : PACK_STRING_MAX;
}

static struct slice text(char **at, struct slice s)
{
	size_t n = text_size(s);
	char *p = *at;

	if (!n)
		return SLICE_NONE;
	memcpy(p, s.p, n);
	*at += n;
	return slice_of(p, n);
}

static uint32_t lines_kept(const struct admin_user *v)
{
	return v->lines_n < PACK_LINES_MAX ? v->lines_n : PACK_LINES_MAX;
}

static uint32_t counters_kept(uint32_t n)
{
	return n < ADMIN_COUNTERS_MAX ? n : ADMIN_COUNTERS_MAX;
}

size_t pack_user_size(const struct admin_user *v)
{
	size_t n = lines_kept(v) * sizeof(struct admin_line);

	for (uint32_t i = 0; i < lines_kept(v); i++)
		n += text_size(v->lines[i].number) + text_size(v->lines[i].reason) +
		     text_size(v->lines[i].refusal) + text_size(v->lines[i].profile_text) +
		     text_size(v->lines[i].lamp) + text_size(v->lines[i].lamp_refusal);
	return n + text_size(v->email) + text_size(v->name) + text_size(v->teams_id) +
	       text_size(v->graph_error) + text_size(v->request_id) + text_size(v->seen_pair) +
	       text_size(v->match_id) + text_size(v->match_other);
}

void pack_user(const struct admin_user *v, void *block, struct admin_user *ret)
{
	struct admin_line *lines = block;
	char *at = (char *)(lines + lines_kept(v));

	*ret = *v;
	ret->lines_n = lines_kept(v);
	ret->lines = ret->lines_n ? lines : NULL;
	for (uint32_t i = 0; i < ret->lines_n; i++) {
		lines[i] = v->lines[i];
		lines[i].number = text(&at, v->lines[i].number);
		lines[i].reason = text(&at, v->lines[i].reason);
		lines[i].refusal = text(&at, v->lines[i].refusal);
		lines[i].profile_text = text(&at, v->lines[i].profile_text);
		lines[i].lamp = text(&at, v->lines[i].lamp);
		lines[i].lamp_refusal = text(&at, v->lines[i].lamp_refusal);
	}
	ret->email = text(&at, v->email);
	ret->name = text(&at, v->name);
	ret->teams_id = text(&at, v->teams_id);
	ret->graph_error = text(&at, v->graph_error);
	ret->request_id = text(&at, v->request_id);
	ret->seen_pair = text(&at, v->seen_pair);
	ret->match_id = text(&at, v->match_id);
	ret->match_other = text(&at, v->match_other);
}

static const struct admin_counter *counters(char **at, const struct admin_counter *v, uint32_t *n)
{
	char *p = *at;

	*n = counters_kept(*n);
	if (!*n)
		return NULL;
	memcpy(p, v, *n * sizeof(*v));
	*at += *n * sizeof(*v);
	return (const struct admin_counter *)(const void *)p;
}

size_t pack_connector_size(const struct admin_connector *v)
{
	return counters_kept(v->counters_n) * sizeof(*v->counters) + text_size(v->name) +
	       text_size(v->type) + text_size(v->server) + text_size(v->state) + text_size(v->missing);
}

void pack_connector(const struct admin_connector *v, void *block, struct admin_connector *ret)
{
	char *at = block;

	*ret = *v;
	ret->counters = counters(&at, v->counters, &ret->counters_n);
	ret->name = text(&at, v->name);
	ret->type = text(&at, v->type);
	ret->server = text(&at, v->server);
	ret->state = text(&at, v->state);
	ret->missing = text(&at, v->missing);
}

size_t pack_account_size(const struct admin_account *v)
{
	return counters_kept(v->counters_n) * sizeof(*v->counters) + text_size(v->name) +
	       text_size(v->token_error) + text_size(v->sign_in_login) + text_size(v->sign_in_tenant) +
	       text_size(v->sign_in_client);
}

void pack_account(const struct admin_account *v, void *block, struct admin_account *ret)
{
	char *at = block;

	*ret = *v;
	ret->counters = counters(&at, v->counters, &ret->counters_n);
	ret->name = text(&at, v->name);
	ret->token_error = text(&at, v->token_error);
	ret->sign_in_login = text(&at, v->sign_in_login);
	ret->sign_in_tenant = text(&at, v->sign_in_tenant);
	ret->sign_in_client = text(&at, v->sign_in_client);
}

size_t pack_engine_size(const struct admin_engine *v)
{
	return (counters_kept(v->counters_n) + counters_kept(v->daemon_n) + counters_kept(v->lamps_n) +
		counters_kept(v->watchers_n) + counters_kept(v->messages_n)) *
		       sizeof(*v->counters) +
	       text_size(v->messages_error);
}

void pack_engine(const struct admin_engine *v, void *block, struct admin_engine *ret)
{
	char *at = block;

	*ret = *v;
	ret->counters = counters(&at, v->counters, &ret->counters_n);
	ret->daemon = counters(&at, v->daemon, &ret->daemon_n);
	ret->lamps = counters(&at, v->lamps, &ret->lamps_n);
	ret->watchers = counters(&at, v->watchers, &ret->watchers_n);
	ret->messages = counters(&at, v->messages, &ret->messages_n);
	ret->messages_error = text(&at, v->messages_error);
}
