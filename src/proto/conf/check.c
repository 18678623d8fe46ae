#include "base/check.h"
#include "proto/conf/reader.h"
#include "proto/conf/value.h"
#include "proto/csta/lamp.h"
#include "proto/csta/profile.h"
#include "proto/csta/request.h"
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

static void check_alarms(struct reader *rd, const struct node *map, const struct conf_alarms *a)
{
	struct slice smtp = slice_str(a->smtp);

	if (a->smtp[0] && !slice_starts(smtp, "smtp://") && !slice_starts(smtp, "smtps://"))
		reader_refuse(rd, where(map, "smtp"), "smtp",
			      "must be smtp://HOST[:PORT] or smtps://HOST[:PORT]");
	if (a->smtp[0] && (!value_email(slice_str(a->mail_from)) || !a->mail_to.n))
		reader_refuse(rd, where(map, "smtp"), "smtp",
			      "needs mail_from and mail_to, e-mail addresses");
	for (uint32_t i = 0; i < a->mail_to.n; i++)
		if (!value_email(slice_str(a->mail_to.list[i])))
			reader_refuse(rd, where(map, "mail_to"), "mail_to", "must be e-mail addresses");
	if (a->smtp_username[0] && !a->smtp_password_file.file[0])
		reader_refuse(rd, where(map, "smtp_username"), "smtp_password_file",
			      "is missing: smtp_username is given");
}

static void check_server(struct reader *rd, const struct node *map, const struct conf_server *s)
{
	if (s->listen.port && !value_address_is_loopback(&s->listen) && !s->tls.certificate_file[0])
		reader_refuse(rd, where(map, "listen"), "listen",
			      "must be a loopback address such as 127.0.0.1:8470, or tls must name "
			      "a certificate");
	if (s->open_read && !value_address_is_loopback(&s->listen))
		reader_refuse(rd, where(map, "open_read"), "open_read",
			      "is for a loopback address of listen only: everybody who reaches it reads "
			      "everything");
	if (s->webhooks.port && !value_address_is_loopback(&s->webhooks) &&
	    !s->webhooks_tls.certificate_file[0])
		reader_warn(rd, where(map, "webhooks"), "webhooks",
			    "tokens cross the network in the clear: give webhooks_tls a certificate");
}

static void check_lamps(struct reader *rd, const struct node *map, const struct conf_lamps *l)
{
	const struct conf_address *open[] = { &l->listen, &l->tls_listen };
	static const char *const keys[] = { "listen", "tls_listen" };

	for (int i = 0; i < 2; i++)
		if (open[i]->port && !value_address_is_loopback(open[i]) && !l->logins_file.file[0])
			reader_refuse(rd, where(map, keys[i]), keys[i],
				      "must be a loopback address, or logins_file must say who may watch");
	if (l->tls_listen.port && !l->tls.certificate_file[0])
		reader_refuse(rd, where(map, "tls_listen"), "tls_listen",
			      "needs tls: { certificate_file, key_file }");
	if (l->expires_min > l->expires_max || l->expires_min > l->stream_expires)
		reader_refuse(rd, where(map, "expires_min"), "expires_min",
			      "must not be above expires_max and stream_expires");
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
	if (t->client_secret_ends[0] && conf_secret_ends(t) == 0)
		reader_refuse(rd, where(map, "client_secret_ends"), "client_secret_ends",
			      "must be a day such as 2027-05-01");
	else if (t->client_secret_ends[0] && certificate[0])
		reader_warn(rd, where(map, "client_secret_ends"), "client_secret_ends",
			    "says nothing beside certificate_file, which tells its own end");
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

/* names.def's words of lamps. */
static void check_policy(struct reader *rd, const struct node *map, const struct conf_policy *p)
{
	const struct conf_texts *t = &p->phone_profile_while;

	for (uint32_t i = 0; i < t->n; i++)
		if (strcmp(t->list[i], "call") != 0 && strcmp(t->list[i], "meeting") != 0 &&
		    strcmp(t->list[i], "dnd") != 0) {
			reader_refuse(rd, where(map, "phone_profile_while"), "phone_profile_while",
				      "must list call, meeting or dnd");
			return;
		}
	if (p->phone_profile && p->direction == CONF_DIRECTION_TO_TEAMS)
		reader_warn(rd, where(map, "phone_profile"), "phone_profile",
			    "does nothing with direction: to-teams; write direction: both");
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

void conf_csta_mapping(const struct conf_connector *c, struct csta_mapping *ret)
{
	*ret = (struct csta_mapping){ .at = c->profile_at[0] ? c->profile_at : NULL,
				      .get = c->profile_get,
				      .set = c->profile_set,
				      .until = c->profile_until,
				      .rows = c->profiles.list,
				      .rows_n = c->profiles.n };
}

void conf_csta_lamps(const struct conf_connector *c, struct csta_lamp_mapping *ret)
{
	*ret = (struct csta_lamp_mapping){ .set = c->lamp_set,
					   .get = c->lamp_get,
					   .element = c->lamp_element,
					   .rows = c->lamp_at.list,
					   .rows_n = c->lamp_at.n,
					   .states = c->lamp_states.list,
					   .states_n = c->lamp_states.n };
}

static bool is_listed(const struct conf_texts *t, const char *word)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (strcmp(t->list[i], word) == 0)
			return true;
	return false;
}

/* What is written for one profile must not come back as another: it would count as set at the phone. */
static void check_csta_dnd_on(struct reader *rd, const struct node *map, const struct conf_connector *c,
			      const struct csta_form *f)
{
	const struct node *at = where(map, "dnd_while");
	enum csta_profile on = csta_form_dnd(f, true);

	for (int p = 0; p < CSTA_IGNORED; p++) {
		const char *name = csta_profile_name((enum csta_profile)p);

		if (!is_listed(&c->dnd_while, name))
			continue;
		if (on != CSTA_UNSAID && on != (enum csta_profile)p)
			reader_refuse(rd, at, "dnd_while",
				      "switches Do Not Disturb on for %s, which profiles reads back as %s: "
				      "change one of the two",
				      name, csta_profile_name(on));
		if (f->set[0] && !csta_form_word(f, (enum csta_profile)p))
			reader_refuse(rd, at, "dnd_while",
				      "profiles has no word for %s, so it is never written: add a row for it",
				      name);
	}
}

/* A switch that has no more than Do Not Disturb holds two profiles; then the others are lost there. */
static void check_csta_dnd_off(struct reader *rd, const struct node *map, const struct conf_connector *c,
			       const struct csta_form *f)
{
	enum csta_profile on = csta_form_dnd(f, true), off = csta_form_dnd(f, false);
	const struct node *at = where(map, "dnd_while");

	if (c->dnd_while.n == 0 || off == CSTA_UNSAID)
		return;
	if (on != CSTA_UNSAID && !f->set[0])
		reader_warn(rd, at, "dnd_while",
			    "all but %s switch Do Not Disturb off, which profiles reads back as %s",
			    csta_profile_name(on), csta_profile_name(off));
	else
		reader_refuse(rd, at, "dnd_while",
			      "the other profiles switch Do Not Disturb off, which profiles reads back "
			      "as %s: change one of the two",
			      csta_profile_name(off));
}

/* A log-in that would not be said, or only in half. */
static void check_csta_login(struct reader *rd, const struct node *map, const struct conf_connector *c)
{
	static const char *const sessions[] = { "start", "register", "none" }; /* settings.def's words */
	bool password = c->password_file.file[0];

	if (c->session && (c->username[0] || password))
		reader_refuse(rd, where(map, "session"), "session",
			      "session: %s sends no log-in: leave username and password_file out, or take "
			      "session: start",
			      sessions[c->session]);
	else if (c->username[0] && !password)
		reader_refuse(rd, map, "password_file", "is missing: username is given");
}

static void check_csta_lamps(struct reader *rd, const struct node *map, const struct conf_connector *c)
{
	struct csta_lamp_mapping m;
	struct csta_lamp_form form;
	char why[240];
	enum err e;

	conf_csta_lamps(c, &m);
	e = csta_lamp_init(&form, &m, why, sizeof(why));
	if (e == ERR_NO_MEMORY)
		reader_refuse(rd, map, "lamp_at", "no memory for it");
	else if (e)
		reader_refuse(rd, map, NULL, "%s", why);
	else
		csta_lamp_fini(&form);
	if (c->lamps && c->lamp_at.n == 0)
		reader_refuse(rd, where(map, "lamps"), "lamps",
			      "lamp_at is missing: which lamps show whom, such as [201=100/7]");
	else if (!c->lamps && c->lamp_at.n)
		reader_warn(rd, where(map, "lamp_at"), "lamp_at", "does nothing without lamps: yes");
}

static void check_csta(struct reader *rd, const struct node *map, const struct conf_connector *c)
{
	struct csta_mapping m;
	struct csta_form form;
	char why[240];

	conf_csta_mapping(c, &m);
	if (csta_form_init(&form, &m, why, sizeof(why))) {
		reader_refuse(rd, map, NULL, "%s", why);
	} else {
		check_csta_dnd_on(rd, map, c, &form);
		check_csta_dnd_off(rd, map, c, &form);
	}
	check_csta_login(rd, map, c);
	check_csta_lamps(rd, map, c);
	if (c->outstanding > CSTA_OUTSTANDING_MAX)
		reader_refuse(rd, where(map, "outstanding"), "outstanding", "must be at most %d for csta",
			      CSTA_OUTSTANDING_MAX);
	if (!csta_element_is(slice_str(c->login_element)))
		reader_refuse(rd, where(map, "login_element"), "login_element",
			      "must be the name of an xml element such as SessionLoginInfo");
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

static void check_ami(struct reader *rd, const struct node *map, const struct conf_connector *c)
{
	if (!c->username[0])
		reader_refuse(rd, map, "username", "is missing: it is a section of manager.conf");
	else if (!node_key(map, "password_file"))
		reader_refuse(rd, map, "password_file", "is missing: it holds the secret of manager.conf");
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
		reader_refuse(rd, where(map, "server"), "server", "must be a host, or host:port");
	check_dnd_while(rd, map, c);
	if (c->type == CONF_TYPE_CSTA)
		check_csta(rd, map, c);
	if (c->type == CONF_TYPE_AMI)
		check_ami(rd, map, c);
	if (c->type == CONF_TYPE_FREESWITCH)
		check_freeswitch(rd, map, c);
	else if (c->type != CONF_TYPE_AMI && c->password_file.file[0] && !c->username[0])
		reader_refuse(rd, map, "username", "is missing: password_file is given");
}

static void check_hours(struct reader *rd, const struct node *map, const struct conf_hours *h)
{
	if (h->open.n && !h->zone[0])
		reader_refuse(rd, map, "zone", "is missing: open needs a time zone such as Europe/Berlin");
	if (!h->open.n && node_key(map, "holidays"))
		reader_warn(rd, where(map, "holidays"), "holidays", "says nothing without open");
}

static size_t count_of(struct slice s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* Plain words, {until}, and one part in brackets that is left out when there is no end. */
static const char *template_fault(struct slice s)
{
	size_t open = slice_find(s, '['), close = slice_find(s, ']'), at;

	if (count_of(s, '[') != count_of(s, ']') || count_of(s, '[') > 1 || close < open)
		return "may have one part in [ ], which is closed";
	while ((at = slice_find(s, '{')) < s.n) {
		s = slice_sub(s, at, s.n);
		if (!slice_starts(s, "{until}"))
			return "may name {until} only: no number and no name is told";
		s = slice_sub(s, 1, s.n);
	}
	return NULL;
}

static void check_status_text(struct reader *rd, const struct node *map)
{
	static const struct {
		const char *key;
		bool absence;
	} rows[] = { { "call", false },	     { "conference", false }, { "dnd", false },
		     { "forwarded", false }, { "voicemail", false },  { "busy", true },
		     { "away", true },	     { "meeting", true },     { "not_available", true } };
	bool may_tell = !rd->account || rd->account->tell_absence;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct node *key = node_key(map, rows[i].key);

		if (!key || key->next->kind != TREE_SCALAR || !key->next->text.n)
			continue;
		const char *fault = template_fault(key->next->text);
		if (fault)
			reader_refuse(rd, key->next, rows[i].key, "%s", fault);
		else if (rows[i].absence && !may_tell)
			reader_refuse(rd, key, rows[i].key,
				      "tells why somebody is absent: allow it with tell_absence: "
				      "yes of the account");
	}
}

static void check_group(struct reader *rd, const struct node *map, const struct conf_group *g)
{
	if (conf_group_of(rd->account, g->name))
		reader_refuse(rd, where(map, "name"), "name", "%s is a group already", g->name);
}

static void check_user(struct reader *rd, const struct node *map, struct conf_user *u)
{
	const struct conf_group *g = conf_group_of(rd->account, u->group);

	if (u->group[0] && !g)
		reader_refuse(rd, where(map, "group"), "group",
			      "no such group: name it under groups of the account");
	else if (g && !u->policy)
		u->policy = g->policy;
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

static void check_sign_in(struct reader *rd, const struct node *map, const struct conf_account *a)
{
	const struct conf_sign_in *s = &a->sign_in;

	if (!s->microsoft)
		return;
	if (!value_guid(slice_str(a->teams.tenant)))
		reader_refuse(rd, where(map, "sign_in"), "sign_in",
			      "needs the ID of the tenant in teams.tenant, not a domain");
	if (!s->client_secret_file.file[0] && (s->client_id[0] || !a->teams.client_secret_file.file[0]))
		reader_refuse(rd, where(map, "sign_in"), "sign_in",
			      "needs client_secret_file: signing in does not go by certificate");
}

void check_scope(struct reader *rd, enum conf_scope scope, const struct node *map, void *object)
{
	switch (scope) {
	case SCOPE_server:
		check_server(rd, map, object);
		break;
	case SCOPE_lamps:
		check_lamps(rd, map, object);
		break;
	case SCOPE_alarms:
		check_alarms(rd, map, object);
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
		check_sign_in(rd, map, object);
		break;
	case SCOPE_root:
		if (rd->c->accounts_n == 0)
			reader_warn(rd, NULL, NULL, "no accounts: nothing will be done");
		break;
	case SCOPE_hours:
		check_hours(rd, map, object);
		break;
	case SCOPE_status_text:
		check_status_text(rd, map);
		break;
	case SCOPE_group:
		check_group(rd, map, object);
		break;
	case SCOPE_sign_in: /* with its account */
		break;
	case SCOPE_matching:
		check_matching(rd, map, object);
		break;
	case SCOPE_user:
		check_user(rd, map, object);
		break;
	case SCOPE_policy:
		check_policy(rd, map, object);
		break;
	case SCOPE_N:
		break;
	}
}
