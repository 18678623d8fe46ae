#include "base/check.h"
#include "proto/conf/reader.h"
#include "proto/conf/value.h"
#include "proto/webhook/hook.h"

/* The value's position when the key is given, else the mapping's. */
static const struct node *where(const struct node *map, const char *key)
{
	const struct node *k = node_key(map, key);

	return k ? k->next : map;
}

static void check_tls(struct reader *rd, const struct node *map, const struct conf_tls *t)
{
	if (t->certificate_file[0] && !t->key_file[0])
		reader_refuse(rd, map, "key_file", "is missing: certificate_file needs its key");
	if (t->key_file[0] && !t->certificate_file[0])
		reader_refuse(rd, map, "certificate_file",
			      "is missing: key_file needs its certificate");
}

static void check_server(struct reader *rd, const struct node *map, const struct conf_server *s)
{
	if (s->listen.port && !value_address_is_loopback(&s->listen) && !s->tls.certificate_file[0])
		reader_refuse(rd, where(map, "listen"), "listen",
			      "must be a loopback address such as 127.0.0.1:8470, or tls must name "
			      "a certificate");
	if (s->webhooks.port && !value_address_is_loopback(&s->webhooks) &&
	    !s->webhooks_tls.certificate_file[0])
		reader_warn(rd, where(map, "webhooks"), "webhooks",
			    "tokens cross the network in the clear: give webhooks_tls a certificate");
}

static void check_credential(struct reader *rd, const struct node *map, const struct conf_teams *t)
{
	const char *certificate = t->certificate_file.file, *key = t->key_file.file;

	if (t->client_secret_file.file[0] && (certificate[0] || key[0]))
		reader_refuse(rd, where(map, "certificate_file"), "certificate_file",
			      "stands beside client_secret_file: keep one of them");
	else if (certificate[0] && !key[0])
		reader_refuse(rd, map, "key_file", "is missing: certificate_file needs its key");
	else if (key[0] && !certificate[0])
		reader_refuse(rd, map, "certificate_file", "is missing: key_file needs its certificate");
	else if (!t->client_secret_file.file[0] && !certificate[0])
		reader_refuse(rd, map, "client_secret_file",
			      "is missing, or certificate_file with key_file in its place");
	if (!certificate[0] && node_key(map, "assertion"))
		reader_warn(rd, where(map, "assertion"), "assertion",
			    "says nothing without certificate_file");
}

static void check_not_china(struct reader *rd, const struct node *map, const char *key, const char *url)
{
	static const char *const hosts[] = { "login.partner.microsoftonline.cn", "login.chinacloudapi.cn",
					     "microsoftgraph.chinacloudapi.cn" };

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (slice_find_str(slice_str(url), slice_str(hosts[i])) < strlen(url))
			reader_refuse(rd, where(map, key), key, "this host %s", CONF_NO_CHINA);
}

static void check_teams(struct reader *rd, const struct node *map, struct conf_teams *t)
{
	check_credential(rd, map, t);
	check_not_china(rd, map, "login_url", t->login_url);
	check_not_china(rd, map, "graph_url", t->graph_url);
	if (!t->login_url[0])
		t->login_url = conf_cloud_login_url((enum conf_cloud)t->cloud);
	if (!t->graph_url[0])
		t->graph_url = conf_cloud_graph_url((enum conf_cloud)t->cloud);
}

/* sips: or ;transport=tls */
static bool uri_is_tls(struct slice uri)
{
	struct slice part;

	if (slice_starts_nocase(uri, "sips:"))
		return true;
	while (slice_split(&uri, ';', &part))
		if (slice_is_nocase(part, "transport=tls"))
			return true;
	return false;
}

/* address:port, or a SIP URI with a transport */
static bool is_sip_listen(struct slice s)
{
	struct conf_address a;

	return value_sip_uri(s) || value_address(slice_sub(s, 0, slice_find(s, ';')), &a);
}

static void check_sip(struct reader *rd, const struct node *map, const struct conf_connector *c)
{
	struct slice server = slice_str(c->server);

	if (server.n && !value_sip_uri(server))
		reader_refuse(rd, where(map, "server"), "server",
			      "must be a SIP URI such as sip:pbx.acme.example;transport=tls");
	else if (server.n && c->tls.on && !c->tls.own.certificate_file[0] && !uri_is_tls(server))
		reader_refuse(rd, where(map, "tls"), "tls",
			      "for sip, write ;transport=tls at the end of server");
	if (c->listen[0] && !is_sip_listen(slice_str(c->listen)))
		reader_refuse(rd, where(map, "listen"), "listen",
			      "must be an address such as 0.0.0.0:5061");
	if (c->tls.own.certificate_file[0] && !c->listen[0])
		reader_refuse(rd, map, "listen",
			      "is missing: a certificate of our own is for listen only");
	if (c->dnd_while.n && !c->feature_events)
		reader_refuse(rd, where(map, "dnd_while"), "dnd_while",
			      "needs feature_events: yes, by which alone sip switches Do Not Disturb");
}

/* names.def's words; this room may not know core. */
static void check_dnd_while(struct reader *rd, const struct node *map, const struct conf_connector *c)
{
	static const char *const words[] = { "available", "away", "busy", "not-available", "meeting" };

	for (uint32_t i = 0; i < c->dnd_while.n; i++) {
		size_t w = 0;

		while (w < ARRAY_LEN(words) && strcmp(c->dnd_while.list[i], words[w]) != 0)
			w++;
		if (w < ARRAY_LEN(words))
			continue;
		reader_refuse(rd, where(map, "dnd_while"), "dnd_while",
			      "must list away, busy, meeting, not-available or available");
		return;
	}
	if (c->dnd_while.n && c->profile != CONF_PROFILE_WRITE && c->profile != CONF_PROFILE_BOTH)
		reader_refuse(rd, where(map, "dnd_while"), "dnd_while",
			      "needs profile: write or both");
}

void conf_hook_mapping(const struct conf_connector *c, struct hook_mapping *ret)
{
	*ret = (struct hook_mapping){ .line = c->line_at,
				      .state = c->state_at,
				      .call = c->call_at,
				      .dnd = c->dnd_at,
				      .profile = c->profile_at,
				      .sequence = c->sequence_at,
				      .time = c->time_at,
				      .only = c->only,
				      .states = c->states.list,
				      .states_n = c->states.n,
				      .profiles = c->profiles.list,
				      .profiles_n = c->profiles.n };
}

static void check_webhook(struct reader *rd, const struct node *map, const struct conf_connector *c)
{
	static const char *const mapped[] = { "line_at", "state_at",	"states",  "call_at", "dnd_at",
					      "profile_at", "profiles", "sequence_at", "time_at", "only" };
	struct hook_mapping m;
	struct hook_form form;
	char why[160];

	if (!node_key(map, "token_file"))
		reader_refuse(rd, map, "token_file", "is missing");
	if (c->profile == CONF_PROFILE_WRITE || c->profile == CONF_PROFILE_BOTH)
		reader_refuse(rd, where(map, "profile"), "profile",
			      "must be ignore or read: nothing can be written back over a webhook");
	for (size_t i = 0; c->format != CONF_FORMAT_MAPPED && i < ARRAY_LEN(mapped); i++)
		if (node_key(map, mapped[i]))
			reader_refuse(rd, where(map, mapped[i]), mapped[i], "is for format: mapped only");
	if (c->format != CONF_FORMAT_MAPPED)
		return;
	conf_hook_mapping(c, &m);
	if (hook_form_init(&form, HOOK_MAPPED, &m, 0, why, sizeof(why)))
		reader_refuse(rd, map, NULL, "%s", why);
}

static void check_freeswitch(struct reader *rd, const struct node *map, const struct conf_connector *c)
{
	if (!node_key(map, "password_file"))
		reader_refuse(rd, map, "password_file", "is missing");
	if (c->username[0] && !strchr(c->username, '@'))
		reader_refuse(rd, where(map, "username"), "username",
			      "must be user@domain, or absent for the event socket's own password");
	if (c->profile == CONF_PROFILE_WRITE || c->profile == CONF_PROFILE_BOTH)
		reader_refuse(rd, where(map, "profile"), "profile",
			      "must be ignore or read: freeswitch keeps no presence of a user");
}

static void check_connector(struct reader *rd, const struct node *map, struct conf_connector *c)
{
	uint32_t before = rd->account ? rd->account->connectors_n : 0;
	bool ami_or_csta = c->type == CONF_TYPE_AMI || c->type == CONF_TYPE_CSTA;

	for (uint32_t i = 0; i < before && c->name[0]; i++) {
		const struct conf_connector *other = &rd->account->connectors[i];

		if (!slice_is(slice_str(c->name), other->name))
			continue;
		reader_refuse(rd, where(map, "name"), "name",
			      "%s is a connector already, in line %u", c->name, other->at.line);
		break;
	}
	if (ami_or_csta && !node_key(map, "profile"))
		c->profile = CONF_PROFILE_BOTH;
	if (!rd->connector_types || !conf_type_built((enum conf_type)c->type))
		return; /* said already */
	if (c->type != CONF_TYPE_WEBHOOK && !node_key(map, "server"))
		reader_refuse(rd, map, "server", "is missing");
	if (c->type == CONF_TYPE_WEBHOOK)
		check_webhook(rd, map, c);
	if (c->type == CONF_TYPE_SIP)
		check_sip(rd, map, c);
	else if (c->server[0] && !value_host_port(slice_str(c->server)))
		reader_refuse(rd, where(map, "server"), "server", "must be host:port");
	check_dnd_while(rd, map, c);
	if (c->type == CONF_TYPE_FREESWITCH)
		check_freeswitch(rd, map, c);
	else if (c->password_file.file[0] && !c->username[0])
		reader_refuse(rd, map, "username", "is missing: password_file is given");
}

static void check_account(struct reader *rd, const struct node *map, const struct conf_account *a)
{
	const struct conf *c = rd->c;

	for (uint32_t i = 0; i < c->accounts_n && a->name[0]; i++) {
		if (!slice_is(slice_str(a->name), c->accounts[i].name))
			continue;
		reader_refuse(rd, where(map, "name"), "name",
			      "%s is an account already, in line %u", a->name,
			      c->accounts[i].at.line);
		break;
	}
}

void check_scope(struct reader *rd, enum conf_scope scope, const struct node *map, void *object)
{
	switch (scope) {
	case SCOPE_server:
		check_server(rd, map, object);
		break;
	case SCOPE_tls:
		check_tls(rd, map, object);
		break;
	case SCOPE_teams:
		check_teams(rd, map, object);
		break;
	case SCOPE_connector:
		check_connector(rd, map, object);
		break;
	case SCOPE_account:
		check_account(rd, map, object);
		break;
	case SCOPE_root:
		if (rd->c->accounts_n == 0)
			reader_warn(rd, NULL, NULL, "no accounts: nothing will be done");
		break;
	case SCOPE_policy:
	case SCOPE_user:
	case SCOPE_N:
		break;
	}
}
