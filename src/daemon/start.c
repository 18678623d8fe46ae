/* start.c - everything is made, in the order in which each needs the others, and ended. */
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>

#include "admin/admin.h"
#include "base/check.h"
#include "daemon/app_own.h"
#include "daemon/apply.h"
#include "daemon/captures.h"
#include "daemon/channels.h"
#include "daemon/check.h"
#include "daemon/clouds.h"
#include "daemon/config.h"
#include "daemon/credentials.h"
#include "daemon/documents.h"
#include "daemon/herald.h"
#include "daemon/keeper.h"
#include "daemon/lamps.h"
#include "daemon/log.h"
#include "daemon/people.h"
#include "daemon/report.h"
#include "daemon/rules.h"
#include "daemon/service.h"
#include "daemon/sign_in.h"
#include "daemon/webhooks.h"
#include "io/clock.h"
#include "io/loop.h"
#include "store/store.h"

static void wake(void *arg)
{
	loop_poke(((struct app *)arg)->loop);
}

static const struct conf_connector *settings(void *arg, uint32_t connector)
{
	return apply_connector(((struct app *)arg)->apply, connector);
}

static int64_t mono_now(void)
{
	struct clock_reading r;

	clock_take(&r);
	return r.mono_ms;
}

static int64_t wall_now(void)
{
	struct clock_reading r;

	clock_take(&r);
	return r.wall_ms;
}

static enum err start_loop(struct app *a)
{
	struct loop_hooks hooks = app_hooks;
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

	hooks.arg = a;
	enum err e = loop_new(&a->loop, &hooks);
	for (size_t i = 0; i < ARRAY_LEN(signals) && !e; i++)
		e = loop_watch_signal(a->loop, signals[i]);
	return e;
}

static enum err start_admin(struct app *a, const struct bridge_limits *l)
{
	const struct conf_server *s = &a->conf->server;
	char listen[80], why[500] = "", *certificate = NULL, *key = NULL;
	size_t n;
	enum err e = ERR_OK;

	snprintf(listen, sizeof(listen), strchr(s->listen.host, ':') ? "[%s]:%u" : "%s:%u", s->listen.host,
		 s->listen.port);
	if (s->tls.certificate_file[0])
		e = conf_read_file(s->tls.certificate_file, 1 << 20, &certificate, &n);
	if (!e && s->tls.key_file[0])
		e = conf_read_file(s->tls.key_file, 1 << 20, &key, &n);
	const struct admin_config c = {
		.listen = listen, .socket_path = s->socket, .certificate = certificate, .key = key,
		.url = s->url, .open_read = s->open_read,
		.accounts_max = l->accounts, .connectors_max = l->connectors, .users_max = l->users,
		.mono_ms = mono_now, .wall_ms = wall_now, .wake = wake, .arg = a,
		.alarm = herald_tell, .alarm_arg = a->herald,
	};
	if (!e)
		e = admin_start(&a->admin, &c, why, sizeof(why));
	if (e)
		log_put(a->log, 0, 3, "start", "cannot serve on %s: %s", listen, why[0] ? why : err_name(e));
	free(certificate);
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	return e;
}

static enum err start_bridge(struct app *a, const struct bridge_limits *l)
{
	const struct report_limits rl = { l->users, l->connectors, l->accounts, l->lines };
	const struct channels_hooks hooks = { settings, a };
	enum err e = bridge_new(&a->bridge, l, app_now(a));

	if (!e)
		e = herald_new(&a->herald, &a->conf->server.alarms);
	if (!e)
		e = start_admin(a, l);
	if (!e)
		e = report_new(&a->report, a->bridge, a->admin, &rl);
	if (!e)
		e = channels_new(&a->channels, a->loop, a->bridge, &hooks);
	if (!e)
		e = clouds_new(&a->clouds, a->loop, a->bridge, l->realms);
	if (!e)
		e = apply_new(&a->apply, a->bridge, a->report, l, l->seed);
	if (!e)
		e = credentials_new(&a->credentials, a->bridge, a->apply, a->log, l->realms);
	const struct lamp_server_config lc = { .loop = a->loop, .bridge = a->bridge, .log = a->log,
					       .report = a->report, .users_max = l->users,
					       .seed = l->seed };
	if (!e)
		e = lamp_server_new(&a->lamps, &lc);
	if (!e) {
		report_set_lamps(a->report, a->lamps);
		report_set_herald(a->report, a->herald);
	}
	if (!e)
		e = rules_new(&a->rules, a->bridge);
	if (!e) {
		apply_set_channels(a->apply, a->channels);
		apply_set_clouds(a->apply, a->clouds);
		apply_set_rules(a->apply, a->rules);
	}
	const struct captures_config cc = { .bridge = a->bridge, .apply = a->apply, .admin = a->admin,
					    .log = a->log, .mono_ms = mono_now, .seed = l->seed };
	if (!e)
		e = captures_new(&a->captures, &cc);
	if (!e)
		channels_set_tap(a->channels, captures_tap(a->captures));
	if (!e)
		e = checker_new(&a->checker);
	if (!e)
		e = sign_in_new(&a->sign_in, a->loop, a->admin);
	const struct webhooks_config wc = { .bridge = a->bridge, .apply = a->apply, .admin = a->admin,
					    .mono_ms = mono_now, .wake = wake, .arg = a,
					    .tap = e ? NULL : captures_tap(a->captures) };
	if (!e)
		e = webhooks_new(&a->webhooks, &wc);
	return e;
}

/* Last of all: who sends is heard by connectors that are there. */
static enum err start_webhooks(struct app *a)
{
	char why[300] = "";
	enum err e = webhooks_apply(a->webhooks, &a->conf->server, why, sizeof(why));

	if (e)
		log_put(a->log, 0, 3, "start", "webhooks: %s", why[0] ? why : err_name(e));
	else if (webhooks_port(a->webhooks))
		log_put(a->log, 0, 5, "start", "webhooks are taken at %s:%u", a->conf->server.webhooks.host,
			webhooks_port(a->webhooks));
	return e;
}

/* The one secret that is ever written where the log goes: of no use once it was changed. */
static void say_first_password(const struct app *a, const char *password)
{
	const struct conf_address *listen = &a->conf->server.listen;

	fprintf(stderr,
		"<5>sign in as admin with the one-time password %s at %s://%s:%u, and set your own; another "
		"one: offhook password-reset admin\n",
		password, a->conf->server.tls.certificate_file[0] ? "https" : "http", listen->host,
		admin_port(a->admin));
}

static enum err start_sign_in(struct app *a)
{
	char first[ADMIN_ONE_TIME_MAX], why[STORE_WHY_MAX] = "";
	enum err e = admin_set_store(a->admin, keeper_store(a->keeper), first, why);

	if (e)
		log_put(a->log, 0, 3, "start", "administrators cannot be read: %s",
			why[0] ? why : err_name(e));
	else if (first[0])
		say_first_password(a, first);
	explicit_bzero(first, sizeof(first));
	return e;
}

/* The configuration first, then what the store remembers of it: nothing is sent in between. */
static enum err start_state(struct app *a, const struct bridge_limits *l)
{
	struct buf said;
	char why[300] = "";
	enum err e = keeper_new(&a->keeper, a->store, a->bridge, app_now(a), why, sizeof(why));

	a->store = NULL;
	if (e) {
		log_put(a->log, 0, 3, "start", "%s", why);
		return e;
	}
	e = start_sign_in(a);
	if (e)
		return e;
	e = people_new(&a->people, a->bridge, a->keeper, l->users);
	if (e)
		return e;
	keeper_set_apply(a->keeper, a->apply);
	apply_set_people(a->apply, a->people);
	report_set_people(a->report, a->people);
	apply_set_sent_before(a->apply, keeper_sent_before, a->keeper);
	apply_set_overruled(a->apply, keeper_forget_person, a->keeper);
	buf_init(&said, SAID_MAX);
	e = apply_conf(a->apply, app_now(a), a->conf, &said);
	lamp_server_set_keeper(a->lamps, a->keeper);
	if (!e)
		e = load_lamps(a, &said);
	load_log(a, e ? 3 : 5, "start", buf_view(&said));
	buf_fini(&said);
	if (!e)
		e = keeper_restore(a->keeper, app_now(a));
	people_started(a->people, a->conf);
	return e;
}

enum err start_all(struct app *a)
{
	uint64_t seed;
	enum err e = log_new(&a->log, load_log_level(a->conf->server.log));

	if (!e && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		e = ERR_IO;
	if (!e)
		e = start_loop(a);
	if (!e)
		e = load_store(a);
	if (e)
		return e;
	fixed_init(&a->fixed, &a->conf->server);
	a->certificate = fixed_certificate(&a->conf->server);
	const struct bridge_limits limits = apply_limits(a->conf, seed);
	e = start_bridge(a, &limits);
	if (!e)
		e = start_state(a, &limits);
	if (!e)
		e = start_webhooks(a);
	a->alive_every_ms = service_watchdog_ms();
	return e;
}

/* Leases stand: a restart finds them, and without one Teams heals by itself when they end. */
void stop_all(struct app *a)
{
	service_stopping();
	webhooks_free(a->webhooks);
	admin_stop(a->admin);
	herald_free(a->herald);
	checker_free(a->checker);
	channels_free(a->channels);
	captures_free(a->captures);
	sign_in_free(a->sign_in);
	lamp_server_free(a->lamps);
	credentials_free(a->credentials);
	clouds_free(a->clouds);
	people_free(a->people);
	keeper_free(a->keeper);
	store_close(a->store);
	documents_free(a->documents);
	apply_free(a->apply);
	rules_free(a->rules);
	report_free(a->report);
	bridge_free(a->bridge);
	loop_free(a->loop);
	log_free(a->log);
	conf_free(a->conf);
}
