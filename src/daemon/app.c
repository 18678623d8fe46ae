#include "daemon/app.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "admin/admin.h"
#include "base/check.h"
#include "daemon/apply.h"
#include "daemon/channels.h"
#include "daemon/clouds.h"
#include "daemon/commands.h"
#include "daemon/config.h"
#include "daemon/credentials.h"
#include "daemon/keeper.h"
#include "daemon/log.h"
#include "daemon/report.h"
#include "daemon/service.h"
#include "daemon/webhooks.h"
#include "io/clock.h"
#include "io/loop.h"

/* What leaves the bridge in one turn before the sockets get their turn again. */
enum { OUTS_A_TURN = 512, SAID_MAX = 64 * 1024 };

struct app {
	const char *path;
	struct conf *conf;
	struct loop *loop;
	struct log *log;
	struct bridge *bridge;
	struct report *report;
	struct apply *apply;
	struct channels *channels;
	struct clouds *clouds;
	struct credentials *credentials;
	struct keeper *keeper;
	struct webhooks *webhooks;
	struct admin *admin;
	int64_t alive_every_ms, alive_next_ms;
	uint64_t sent; /* realms that sent in this turn, a bit each */
	uint64_t turns, reloads, reloads_failed;
	bool ready;
};

struct bridge_time app_now(const struct app *a)
{
	return (struct bridge_time){ loop_mono_ms(a->loop), loop_wall_ms(a->loop) };
}

struct app_parts app_parts(const struct app *a)
{
	return (struct app_parts){ a->bridge, a->apply, a->keeper, a->admin,
				   a->report, a->webhooks, a->log, a->path };
}

/* ---- what comes out of the bridge ---- */

static void take_note(struct app *a, uint32_t connector, const struct source_out *out)
{
	const struct directory *d = bridge_directory(a->bridge);
	struct slice name = directory_connector_name(d, connector);
	struct slice number = out->line == ID_NONE ? SLICE_NONE : directory_number(d, out->line);
	enum note n = (enum note)out->note;

	log_put(a->log, loop_mono_ms(a->loop), note_level(n), note_name(n), "%.*s%s%.*s: %s%s%s",
		SLICE_ARG(name), number.n ? "/" : "", SLICE_ARG(number), note_text(n),
		out->text[0] ? ": " : "", out->text);
}

static void take_graph_note(struct app *a, uint32_t realm, const struct graph_out *out)
{
	const struct directory *d = bridge_directory(a->bridge);
	enum graph_note n = (enum graph_note)out->note;
	struct slice who = out->user == ID_NONE ? SLICE_NONE : directory_email(d, out->user);
	const struct conf_account *account = apply_realm(a->apply, realm);

	for (uint16_t i = directory_next_account(d, 0); i != UINT16_MAX; i = directory_next_account(d, i + 1))
		if (bridge_account_realm(a->bridge, i) == realm)
			report_graph_note(a->report, i, n);
	log_put(a->log, loop_mono_ms(a->loop), graph_note_level(n), graph_note_name(n), "%s%s%.*s: %s%s%s",
		account ? account->name : "teams", who.n ? "/" : "", SLICE_ARG(who), graph_note_text(n),
		out->text[0] ? ": " : "", out->text);
}

static void take_graph(struct app *a, uint32_t realm, const struct graph_out *out)
{
	switch ((enum graph_out_kind)out->kind) {
	case GRAPH_HTTP:
		clouds_send(a->clouds, realm, apply_realm(a->apply, realm), &out->request);
		a->sent |= 1ull << (realm % 64);
		break;
	case GRAPH_NOTE:
		take_graph_note(a, realm, out);
		break;
	case GRAPH_SEEN:
		report_seen(a->report, out->user, (enum presence)out->seen, slice_str(out->text),
			    loop_wall_ms(a->loop));
		break;
	case GRAPH_FOUND:
		if (out->found)
			keeper_put_id(a->keeper, realm, out->user, out->id);
		report_user_changed(a->report, out->user);
		break;
	case GRAPH_OUTCOME:
		CHECK(false); /* the bridge keeps these */
	}
}

static void take_action(struct app *a, const struct action *act)
{
	switch ((enum action_kind)act->kind) {
	case ACT_SAVE_USER:
		keeper_put_user(a->keeper, &act->user_record);
		break;
	case ACT_SAVE_LINE:
		keeper_put_line(a->keeper, &act->line_record);
		break;
	case ACT_AUDIT:
		keeper_audit(a->keeper, act);
		break;
	case ACT_CHANGED:
		report_user_changed(a->report, act->user);
		break;
	case ACT_USER_GONE:
		keeper_forget_user(a->keeper, act->user);
		report_user_gone(a->report, act->user);
		break;
	case ACT_LAMP: /* nothing of this version takes these */
	case ACT_STATUS_TEXT:
		break;
	case ACT_HOLD: /* the bridge keeps these */
	case ACT_CLEAR:
	case ACT_RESYNC_LINE:
	case ACT_PROFILE_WRITE:
	case ACT_COUNT:
		CHECK(false);
	}
}

static void take(struct app *a, const struct bridge_out *out)
{
	switch ((enum bridge_out_kind)out->kind) {
	case BRIDGE_SOURCE:
		channels_do(a->channels, out->connector, &out->source);
		break;
	case BRIDGE_NOTE:
		take_note(a, out->connector, &out->source);
		break;
	case BRIDGE_ANSWER:
		webhooks_answer(a->webhooks, &out->source);
		break;
	case BRIDGE_GRAPH:
	case BRIDGE_FOUND:
		take_graph(a, out->realm, &out->graph);
		break;
	case BRIDGE_ACTION:
		take_action(a, &out->action);
		break;
	}
}

/* ---- reload ---- */

static void say_errors(const struct conf_errors *errs, struct buf *said)
{
	char text[800];

	for (uint32_t i = 0; i < errs->n; i++) {
		conf_error_text(&errs->list[i], text, sizeof(text));
		buf_fmt(said, "%s%s\n", errs->list[i].warning ? "warning: " : "", text);
	}
}

/* A listener that cannot be had must not undo a reload: the one of before stays. */
static void apply_webhooks(struct app *a, struct buf *said)
{
	char why[300] = "";
	enum err e = webhooks_apply(a->webhooks, &a->conf->server, why, sizeof(why));

	if (e)
		buf_fmt(said, "webhooks: %s\n", why[0] ? why : err_name(e));
}

static enum err reload(struct app *a, struct buf *said)
{
	static struct conf_errors errs;
	struct conf *fresh = NULL;
	enum err e = conf_load(a->path, &fresh, &errs);

	say_errors(&errs, said);
	if (e)
		return e;
	e = apply_conf(a->apply, app_now(a), fresh, said);
	if (e) {
		buf_fmt(said, "the new configuration does not fit: raise server.capacity and restart\n");
		conf_free(fresh);
		return e;
	}
	conf_free(a->conf);
	a->conf = fresh;
	clouds_renew(a->clouds);
	apply_webhooks(a, said);
	return ERR_OK;
}

static void log_lines(struct app *a, int priority, const char *code, struct slice said)
{
	struct slice line;

	while (slice_split(&said, '\n', &line))
		if (line.n)
			log_put(a->log, loop_mono_ms(a->loop), priority, code, "%.*s", SLICE_ARG(line));
}

enum err app_reload(struct app *a, struct buf *said)
{
	service_reloading(loop_mono_ms(a->loop));
	enum err e = reload(a, said);

	a->reloads++;
	a->reloads_failed += e != ERR_OK;
	log_lines(a, e ? 3 : 5, "reload", buf_view(said));
	log_put(a->log, loop_mono_ms(a->loop), e ? 3 : 5, "reload", "%s: %s", a->path,
		e ? "not taken; the old configuration stays" : "reloaded");
	service_ready();
	return e;
}

/* ---- the turn ---- */

static void on_signal(void *arg, int signal_no)
{
	struct app *a = arg;
	struct buf said;

	if (signal_no != SIGHUP) {
		log_put(a->log, loop_mono_ms(a->loop), 5, "end",
			"ending; sessions in Teams stand until their leases end");
		loop_stop(a->loop);
		return;
	}
	buf_init(&said, SAID_MAX);
	if (app_reload(a, &said))
		service_status("running on the old configuration; the new one is bad, see the log");
	buf_fini(&said);
}

static void take_commands(struct app *a)
{
	struct admin_command c;

	for (int n = 0; n < 16 && admin_take(a->admin, &c); n++) {
		command_do(a, &c);
		admin_command_fini(&c);
	}
}

/* What is sent counts against the quota of the next process too, should this one die now. */
static void keep_sends(struct app *a, struct bridge_time t)
{
	for (uint32_t realm = 0; a->sent; realm++) {
		const struct graph *g = bridge_realm(a->bridge, realm);
		struct graph_view v;

		if (a->sent >> realm & 1 && g) {
			graph_view(g, &v);
			keeper_put_sends(a->keeper, realm, v.sent_in_window, t.wall_ms);
		}
		a->sent &= ~(1ull << realm);
	}
}

static void tell(struct app *a, struct bridge_time t)
{
	struct hook_server_stats hooks;
	struct keeper_stats k;

	keeper_stats(a->keeper, &k);
	webhooks_stats(a->webhooks, &hooks);
	const struct admin_counter counters[] = {
		{ "turns", a->turns },
		{ "reloads", a->reloads },
		{ "reloads_failed", a->reloads_failed },
		{ "log_lines_dropped", log_dropped(a->log) },
		{ "connections_refused", channels_refused(a->channels) },
		{ "store_written", k.written },
		{ "store_waiting", k.waiting },
		{ "store_errors", k.errors },
		{ "webhook_requests", hooks.requests },
		{ "webhook_refused", hooks.refused },
		{ "webhook_deadlines", hooks.deadlines },
	};
	report_turn(a->report, t, counters, ARRAY_LEN(counters));
	admin_beat(a->admin);
}

static int64_t earlier(int64_t x, int64_t y)
{
	return x < y ? x : y;
}

static int64_t keep_alive(struct app *a, int64_t now_ms)
{
	if (!a->alive_every_ms)
		return LOOP_NEVER;
	if (now_ms >= a->alive_next_ms) {
		service_alive();
		a->alive_next_ms = now_ms + a->alive_every_ms;
	}
	return a->alive_next_ms;
}

static void on_turn(void *arg)
{
	struct app *a = arg;
	const struct bridge_time t = app_now(a);
	struct bridge_out out;
	bool more;
	int n = 0;

	a->turns++;
	take_commands(a);
	more = webhooks_turn(a->webhooks, t);
	int64_t credentials = credentials_look(a->credentials, t.mono_ms);
	bridge_tick(a->bridge, t);
	while (n < OUTS_A_TURN && bridge_drain(a->bridge, t, &out)) {
		take(a, &out);
		n++;
	}
	keep_sends(a, t);
	tell(a, t);
	int64_t next = earlier(keep_alive(a, t.mono_ms),
			       earlier(bridge_next(a->bridge), report_next(a->report)));
	next = earlier(next, credentials);
	loop_wake_at(a->loop, n == OUTS_A_TURN || more ? t.mono_ms : next);
	if (!a->ready) {
		a->ready = true;
		admin_set_ready(a->admin, true, "");
		service_ready();
	}
}

/* ---- start and end ---- */

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

static int level_of(uint8_t log)
{
	static const int levels[] = { [CONF_LOG_DEBUG] = 7, [CONF_LOG_INFO] = 6, [CONF_LOG_NOTICE] = 5,
				      [CONF_LOG_WARNING] = 4, [CONF_LOG_ERROR] = 3 };

	return levels[log];
}

static enum err start_loop(struct app *a)
{
	const struct loop_hooks hooks = { .turn = on_turn, .signalled = on_signal, .arg = a };
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	enum err e = loop_new(&a->loop, &hooks);

	for (size_t i = 0; i < ARRAY_LEN(signals) && !e; i++)
		e = loop_watch_signal(a->loop, signals[i]);
	return e;
}

static enum err start_admin(struct app *a, const struct bridge_limits *l)
{
	const struct conf_server *s = &a->conf->server;
	char listen[80], why[200] = "", *certificate = NULL, *key = NULL;
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
		.accounts_max = l->accounts, .connectors_max = l->connectors, .users_max = l->users,
		.mono_ms = mono_now, .wall_ms = wall_now, .wake = wake, .arg = a,
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
	if (!e)
		apply_set_channels(a->apply, a->channels);
	const struct webhooks_config wc = { .bridge = a->bridge, .apply = a->apply, .admin = a->admin,
					    .mono_ms = mono_now, .wake = wake, .arg = a };
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

/* The configuration first, then what the store remembers of it: nothing is sent in between. */
static enum err start_state(struct app *a)
{
	struct buf said;
	char why[300] = "";
	enum err e = keeper_new(&a->keeper, a->conf->server.data, a->bridge, app_now(a), why, sizeof(why));

	if (e) {
		log_put(a->log, 0, 3, "start", "%s", why);
		return e;
	}
	keeper_set_apply(a->keeper, a->apply);
	apply_set_sent_before(a->apply, keeper_sent_before, a->keeper);
	buf_init(&said, SAID_MAX);
	e = apply_conf(a->apply, app_now(a), a->conf, &said);
	log_lines(a, 5, "start", buf_view(&said));
	buf_fini(&said);
	if (!e)
		e = keeper_restore(a->keeper, app_now(a));
	return e;
}

static enum err start(struct app *a)
{
	uint64_t seed;
	enum err e = log_new(&a->log, level_of(a->conf->server.log));

	if (!e && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		e = ERR_IO;
	if (!e)
		e = start_loop(a);
	if (e)
		return e;
	const struct bridge_limits limits = apply_limits(a->conf, seed);
	e = start_bridge(a, &limits);
	if (!e)
		e = start_state(a);
	if (!e)
		e = start_webhooks(a);
	a->alive_every_ms = service_watchdog_ms();
	return e;
}

/* Leases stand: a restart finds them, and without one Teams heals by itself when they end. */
static void stop(struct app *a)
{
	service_stopping();
	webhooks_free(a->webhooks);
	admin_stop(a->admin);
	channels_free(a->channels);
	credentials_free(a->credentials);
	clouds_free(a->clouds);
	keeper_free(a->keeper);
	apply_free(a->apply);
	report_free(a->report);
	bridge_free(a->bridge);
	loop_free(a->loop);
	log_free(a->log);
	conf_free(a->conf);
}

int app_run(const char *path, struct conf *conf)
{
	struct app a = { .path = path, .conf = conf };
	enum err e = start(&a);

	if (e)
		fprintf(stderr, "<3>offhookd: cannot start: %s\n", err_name(e));
	else {
		log_put(a.log, 0, 5, "start", "offhookd %s: page and API at %s:%u", OFFHOOK_VERSION,
			conf->server.listen.host, admin_port(a.admin));
		loop_run(a.loop);
	}
	stop(&a);
	return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
