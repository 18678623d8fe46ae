#include "daemon/apply_own.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "daemon/config.h"
#include "daemon/rules.h"
#include "proto/sip/digest.h"

static uint32_t room(uint32_t n, uint32_t least)
{
	uint32_t wanted = n + n / 4;

	return wanted > least ? wanted : least;
}

struct bridge_limits apply_limits(const struct conf *c, uint64_t seed)
{
	uint32_t connectors = 0, users = 0, lines = 0;

	for (uint32_t i = 0; i < c->accounts_n; i++) {
		connectors += c->accounts[i].connectors_n;
		users += c->accounts[i].users_n;
		for (uint32_t u = 0; u < c->accounts[i].users_n; u++)
			lines += c->accounts[i].users[u].lines_n;
	}
	users = room(users, c->server.capacity);
	return (struct bridge_limits){ .accounts = room(c->accounts_n, 16),
				       .connectors = room(connectors, 32),
				       .users = users,
				       .lines = room(lines, users + users / 2),
				       .realms = room(c->accounts_n, 16),
				       .seed = seed };
}

enum err apply_new(struct apply **ret, struct bridge *b, struct report *r, const struct bridge_limits *l,
		   uint64_t seed)
{
	struct apply *a = calloc(1, sizeof(*a));

	if (!a)
		return ERR_NO_MEMORY;
	*a = (struct apply){ .bridge = b, .report = r, .limits = *l, .seed = seed };
	a->connectors = calloc(l->connectors, sizeof(*a->connectors));
	a->accounts = calloc(l->accounts, sizeof(*a->accounts));
	a->realms = calloc(l->realms, sizeof(*a->realms));
	a->keep_account = calloc(l->accounts, 1);
	a->keep_connector = calloc(l->connectors, 1);
	a->keep_user = calloc(l->users, 1);
	a->keep_line = calloc(l->lines, 1);
	a->imported = calloc(l->users, 1);
	if (!a->connectors || !a->accounts || !a->realms || !a->keep_account || !a->keep_connector ||
	    !a->keep_user || !a->keep_line || !a->imported) {
		apply_free(a);
		return ERR_NO_MEMORY;
	}
	*ret = a;
	return ERR_OK;
}

void apply_set_sent_before(struct apply *a, apply_sent_before_h *h, void *arg)
{
	a->sent_before = h;
	a->sent_before_arg = arg;
}

void apply_set_overruled(struct apply *a, apply_overruled_h *h, void *arg)
{
	a->overruled = h;
	a->overruled_arg = arg;
}

void apply_set_channels(struct apply *a, struct channels *c)
{
	a->channels = c;
}

void apply_set_clouds(struct apply *a, struct clouds *c)
{
	a->clouds = c;
}

void apply_set_rules(struct apply *a, struct rules *r)
{
	a->rules = r;
}

void apply_set_people(struct apply *a, struct people *p)
{
	a->people = p;
}

void apply_free(struct apply *a)
{
	if (!a)
		return;
	free(a->connectors);
	free(a->accounts);
	free(a->realms);
	free(a->keep_account);
	free(a->keep_connector);
	free(a->keep_user);
	free(a->keep_line);
	free(a->imported);
	free(a);
}

/* ---- values ---- */

/* In the window of `quota`. */
static uint32_t quota_max(const struct conf_teams *t)
{
	int64_t n = (int64_t)t->quota_max.n * t->quota.window_ms / t->quota_max.window_ms;

	return n > 1000000 ? 1000000 : (uint32_t)n;
}

static struct graph_config graph_of(const struct apply *a, const struct conf_account *account,
				    const struct assertion_key *certificate)
{
	const struct conf_teams *t = &account->teams;

	return (struct graph_config){ .tenant = t->tenant, .client_id = t->client_id,
				      .credential = { &t->client_secret_file.value, certificate,
						      t->assertion, conf_secret_ends(t) },
				      .login_url = t->login_url, .graph_url = t->graph_url,
				      .resource = conf_cloud_graph_url((enum conf_cloud)t->cloud),
				      .quota = t->quota.n, .window_ms = t->quota.window_ms,
				      .quota_max = quota_max(t), .rise_weight = t->rise_weight,
				      .users_max = a->limits.users, .read_back_ms = t->read_back,
				      .read_back_share = t->read_back_share,
				      .seed = a->seed,
				      .sent_before = a->sent_before
							     ? a->sent_before(a->sent_before_arg, account)
							     : 0 };
}

/* From its seed a connector makes the names (Call-IDs, tags) that nobody may guess: what one PBX hears must
 * tell nothing of another's, and what was said before a reload nothing of what comes after. */
static uint64_t own_seed(struct apply *a)
{
	return sip_token(a->seed, ++a->opened);
}

static enum err open_connector(struct apply *a, struct bridge_time t, uint16_t account,
			       const struct conf_connector *c, uint32_t *id)
{
	const struct source_tuning tuning = { .expires_s = c->expires / 1000,
					      .outstanding_max = (int32_t)c->outstanding,
					      .first_notify_ms = c->first_notify };
	struct source_config sc = {
		.name = c->name, .server = c->server, .username = c->username,
		.password = &c->password_file.value,
		.package = c->package == CONF_PACKAGE_PRESENCE ? "presence" : "dialog",
		.lists = c->lists.list, .lists_n = c->lists.n, .listen = c->listen,
		.reads_profile = c->profile == CONF_PROFILE_READ || c->profile == CONF_PROFILE_BOTH,
		.writes_profile = c->profile == CONF_PROFILE_WRITE || c->profile == CONF_PROFILE_BOTH,
		.tls = c->tls.on, .token = &c->token_file.value, .settings = c,
		.lines_max = a->limits.lines, .seed = own_seed(a), .tuning = &tuning,
	};
	const struct source_ops *ops = source_find(conf_type_name((enum conf_type)c->type));

	if (!ops)
		return ERR_NOT_FOUND;
	if (*id != ID_NONE && a->channels)
		channels_drop(a->channels, *id);
	if (*id != ID_NONE)
		return bridge_reopen_connector(a->bridge, t, *id, ops, &sc);
	return bridge_add_connector(a->bridge, t, account, slice_str(c->name), ops, &sc, id);
}

/* ---- one pass ---- */

struct pass {
	struct apply *a;
	struct bridge_time t;
	struct buf *said;
	uint32_t added, changed, removed;
};

static void fault(struct pass *p, const struct conf_account *account, const char *kind, const char *name,
		  enum err e)
{
	buf_fmt(p->said, "account %s: %s %s: %s\n", account->name, kind, name, err_name(e));
}

static enum err pass_realm(struct pass *p, const struct conf_account *account, uint32_t *ret_realm)
{
	struct assertion_key *k;
	char why[200] = "";
	enum err e = conf_credential(&account->teams, &k, why, sizeof(why));

	if (e) {
		buf_fmt(p->said, "account %s: certificate_file: %s\n", account->name, why);
		return e;
	}
	const struct graph_config gc = graph_of(p->a, account, k);
	e = bridge_add_realm(p->a->bridge, p->t, &gc, ret_realm);
	/* of accounts that share it, the first one's settings count */
	if (!e && !p->a->realms[*ret_realm])
		e = bridge_tune_realm(p->a->bridge, *ret_realm, &gc);
	assertion_key_free(k);
	return e;
}

static void policy_of(struct pass *p, const struct conf_account *account, const struct conf_user *u,
		      struct policy *ret)
{
	if (p->a->rules)
		rules_policy(p->a->rules, account, u, ret, p->said);
	else
		conf_policy_of(account, u, ret);
}

static void set_sign_in(struct report *r, uint16_t id, const struct conf_account *account)
{
	const struct conf_sign_in *s = &account->sign_in;

	if (s->microsoft)
		report_set_sign_in(r, id, account->teams.login_url, account->teams.tenant,
				   s->client_id[0] ? s->client_id : account->teams.client_id);
	else
		report_set_sign_in(r, id, NULL, NULL, NULL);
}

static enum err move_account(struct pass *p, const struct conf_account *account, uint16_t id,
			     uint32_t realm)
{
	buf_fmt(p->said,
		"account %s: another tenant or application; what is held under the former one is given back "
		"there\n",
		account->name);
	p->a->gone = true;
	return bridge_move_account(p->a->bridge, p->t, id, realm);
}

static enum err pass_account(struct pass *p, const struct conf_account *account, uint16_t *id,
			     struct policy *ret_policy)
{
	struct apply *a = p->a;
	uint32_t realm;
	enum err e = pass_realm(p, account, &realm);

	if (e)
		return e;
	a->realms[realm] = account;
	policy_of(p, account, NULL, ret_policy);
	*id = directory_account(bridge_directory(a->bridge), slice_str(account->name));
	if (*id == UINT16_MAX)
		e = bridge_add_account(a->bridge, p->t, slice_str(account->name), realm, ret_policy, id);
	else if (bridge_account_realm(a->bridge, *id) != realm)
		e = move_account(p, account, *id, realm);
	if (e)
		return e;
	a->accounts[*id] = account;
	a->keep_account[*id] = 1;
	e = people_account(a->people, *id, account);
	if (e)
		return e;
	report_set_account(a->report, *id, account->teams.quota.n, account->teams.quota.window_ms);
	set_sign_in(a->report, *id, account);
	return ERR_OK;
}

/* Certificate and key may have changed within their files: they are read at every reload. */
static void renew_listener(struct pass *p, uint32_t id, const struct conf_connector *c)
{
	char why[256];

	if (p->a->channels && channels_renew(p->a->channels, id, why, sizeof(why)))
		buf_fmt(p->said, "connector %s: %s; the certificate of before stays\n", c->name, why);
}

static enum err pass_connector(struct pass *p, uint16_t account, const struct conf_connector *c)
{
	struct apply *a = p->a;
	uint32_t id = directory_connector(bridge_directory(a->bridge), account, slice_str(c->name));
	bool known = id != ID_NONE && a->connectors[id];
	enum err e = ERR_OK;

	if (!known || !conf_connector_same(a->connectors[id], c)) {
		e = open_connector(a, p->t, account, c, &id);
		if (known)
			buf_fmt(p->said, "connector %s: new settings\n", c->name);
	}
	if (e)
		return e;
	a->connectors[id] = c;
	a->keep_connector[id] = 1;
	renew_listener(p, id, c);
	return report_set_connector(a->report, id, slice_str(c->server));
}

enum err apply_line(struct apply *a, struct bridge_time t, uint32_t connector, struct slice number,
		    uint32_t user)
{
	const struct directory *d = bridge_directory(a->bridge);
	uint32_t line = directory_line(d, connector, number);

	if (line == ID_NONE) {
		enum err e = bridge_add_line(a->bridge, t, connector, number, user, &line);

		if (e)
			return e;
	} else if (directory_line_user(d, line) != user) {
		bridge_move_line(a->bridge, t, line, user);
	}
	a->keep_line[line] = 1;
	return ERR_OK;
}

enum err apply_user(struct apply *a, struct bridge_time t, const struct conf_account *ca,
		    uint16_t account, const struct bridge_user *u, uint32_t *id, bool *ret_new)
{
	struct bridge_user judged = *u;

	*id = directory_user(bridge_directory(a->bridge), account, u->email);
	*ret_new = *id == ID_NONE;
	judged.enabled = people_enabled(a->people, ca, *id, u->email, u->enabled);
	if (!*ret_new)
		return bridge_change_user(a->bridge, t, *id, &judged);
	enum err e = bridge_add_user(a->bridge, t, account, &judged, id);
	if (!e)
		people_joined(a->people, ca, *id, u->enabled);
	return e;
}

static void overrule_import(struct pass *p, const struct conf_account *account, uint32_t id,
			    const char *email)
{
	struct apply *a = p->a;

	if (!a->imported[id])
		return;
	a->imported[id] = 0;
	buf_fmt(p->said, "user %s: as the configuration says again; what was imported is dropped\n", email);
	if (a->overruled)
		a->overruled(a->overruled_arg, slice_str(account->name), slice_str(email));
}

static enum err pass_user(struct pass *p, uint16_t account, const struct conf_account *ca,
			  const struct conf_user *u)
{
	struct apply *a = p->a;
	struct policy own;
	struct bridge_user bu = { .email = slice_str(u->email), .label = slice_str(u->name),
				  .teams_id = u->teams_id, .enabled = u->enabled };
	uint32_t id;
	bool is_new;

	if (u->policy) {
		policy_of(p, ca, u, &own);
		bu.policy = &own;
	}
	enum err e = apply_user(a, p->t, ca, account, &bu, &id, &is_new);
	if (e)
		return e;
	p->added += is_new;
	a->keep_user[id] = 1;
	overrule_import(p, ca, id, u->email);
	for (uint32_t i = 0; i < u->lines_n && !e; i++) {
		const char *connector = ca->connectors[u->lines[i].connector].name;
		uint32_t c = directory_connector(bridge_directory(a->bridge), account, slice_str(connector));

		e = c == ID_NONE ? ERR_NOT_FOUND
				 : apply_line(a, p->t, c, slice_str(u->lines[i].number), id);
	}
	return e;
}

/* An account that fails as a whole keeps its people as they are. */
static void keep_account_whole(struct apply *a, uint16_t account)
{
	const struct directory *d = bridge_directory(a->bridge);

	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1))
		if (directory_user_account(d, u) == account)
			a->keep_user[u] = 1;
}

static void pass_users(struct pass *p, uint16_t id, const struct conf_account *account, bool own_rules)
{
	for (uint32_t i = 0; i < account->users_n; i++) {
		const struct conf_user *u = &account->users[i];
		enum err e = (u->policy != NULL) == own_rules ? pass_user(p, id, account, u) : ERR_OK;

		if (e)
			fault(p, account, "user", u->email, e);
	}
}

static void pass_add(struct pass *p, const struct conf_account *account)
{
	uint16_t id;
	struct policy policy;
	enum err e = pass_account(p, account, &id, &policy);

	if (e) {
		fault(p, account, "teams", account->teams.tenant, e);
		id = directory_account(bridge_directory(p->a->bridge), slice_str(account->name));
		if (id != UINT16_MAX)
			keep_account_whole(p->a, id);
		return;
	}
	for (uint32_t i = 0; i < account->connectors_n; i++) {
		e = pass_connector(p, id, &account->connectors[i]);
		if (e)
			fault(p, account, "connector", account->connectors[i].name, e);
	}
	/* whoever has rules of their own never sees the account's new ones, whoever had them not
	 * its old ones */
	pass_users(p, id, account, true);
	bridge_set_policy(p->a->bridge, p->t, id, &policy);
	pass_users(p, id, account, false);
}

static void remove_lines(struct pass *p)
{
	const struct directory *d = bridge_directory(p->a->bridge);

	for (uint32_t l = directory_next_line(d, 0); l != ID_NONE; l = directory_next_line(d, l + 1)) {
		uint32_t user = directory_line_user(d, l);

		if (p->a->keep_line[l] || (user != ID_NONE && p->a->imported[user]))
			continue;
		bridge_remove_line(p->a->bridge, p->t, l);
		p->removed++;
	}
}

static void remove_users(struct pass *p)
{
	const struct directory *d = bridge_directory(p->a->bridge);

	for (uint32_t u = directory_next_user(d, 0); u != ID_NONE; u = directory_next_user(d, u + 1)) {
		bool stays = p->a->imported[u] && p->a->keep_account[directory_user_account(d, u)];

		if (p->a->keep_user[u] || stays)
			continue;
		p->a->imported[u] = 0;
		bridge_remove_user(p->a->bridge, p->t, u);
		p->removed++;
	}
}

static void remove_connectors(struct pass *p)
{
	const struct directory *d = bridge_directory(p->a->bridge);

	for (uint32_t c = directory_next_connector(d, 0); c != ID_NONE;
	     c = directory_next_connector(d, c + 1)) {
		if (p->a->keep_connector[c])
			continue;
		if (p->a->connectors[c])
			buf_fmt(p->said, "connector %.*s: removed\n",
				SLICE_ARG(directory_connector_name(d, c)));
		p->a->connectors[c] = NULL;
		p->a->gone |= !apply_release_connector(p->a, p->t, c);
	}
}

/* The slot of an account that is gone stays until its people have given everything back (apply_tidy). */
static void drop_accounts(struct pass *p)
{
	const struct directory *d = bridge_directory(p->a->bridge);

	for (uint16_t i = directory_next_account(d, 0); i != UINT16_MAX;
	     i = directory_next_account(d, i + 1)) {
		if (p->a->keep_account[i] || !p->a->accounts[i])
			continue;
		buf_fmt(p->said, "account %.*s: removed\n", SLICE_ARG(directory_account_name(d, i)));
		p->a->accounts[i] = NULL;
		p->a->gone = true;
		report_set_sign_in(p->a->report, i, "", "", ""); /* nobody comes in by it meanwhile */
	}
}

static bool fits(const struct apply *a, const struct conf *c)
{
	const struct bridge_limits need = apply_limits(c, 0);
	uint32_t users = 0;

	for (uint32_t i = 0; i < c->accounts_n; i++)
		users += c->accounts[i].users_n;
	return users <= a->limits.users && c->accounts_n <= a->limits.accounts &&
	       need.connectors <= a->limits.connectors + a->limits.connectors / 4;
}

/* The connectors' and accounts' settings point into the configuration that is about to go. */
static void forget_old(struct apply *a)
{
	memset(a->keep_account, 0, a->limits.accounts);
	memset(a->keep_connector, 0, a->limits.connectors);
	memset(a->keep_user, 0, a->limits.users);
	memset(a->keep_line, 0, a->limits.lines);
	memset(a->realms, 0, a->limits.realms * sizeof(*a->realms));
}

enum err apply_conf(struct apply *a, struct bridge_time t, const struct conf *c, struct buf *said)
{
	struct pass p = { .a = a, .t = t, .said = said };

	if (!fits(a, c))
		return ERR_LIMIT;
	forget_old(a);
	if (a->rules)
		rules_begin(a->rules, t);
	for (uint32_t i = 0; i < c->accounts_n; i++)
		pass_add(&p, &c->accounts[i]);
	remove_lines(&p);
	remove_users(&p);
	remove_connectors(&p);
	drop_accounts(&p);
	a->conf = c;
	if (a->rules)
		rules_end(a->rules);
	if (p.added || p.removed)
		buf_fmt(said, "%u people added, %u lines and people removed\n", p.added, p.removed);
	report_all(a->report);
	return ERR_OK;
}

/* ---- views ---- */

const struct conf_connector *apply_connector(const struct apply *a, uint32_t connector)
{
	return connector < a->limits.connectors ? a->connectors[connector] : NULL;
}

const struct conf_account *apply_account(const struct apply *a, uint16_t account)
{
	return account < a->limits.accounts ? a->accounts[account] : NULL;
}

const struct conf_account *apply_realm(const struct apply *a, uint32_t realm)
{
	return realm < a->limits.realms ? a->realms[realm] : NULL;
}
