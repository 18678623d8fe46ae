#include "daemon/app_own.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin.h"
#include "base/check.h"
#include "daemon/apply.h"
#include "daemon/captures.h"
#include "daemon/channels.h"
#include "daemon/check.h"
#include "daemon/clouds.h"
#include "daemon/commands.h"
#include "daemon/credentials.h"
#include "daemon/keeper.h"
#include "daemon/lamps.h"
#include "daemon/log.h"
#include "daemon/report.h"
#include "daemon/retention.h"
#include "daemon/rules.h"
#include "daemon/service.h"
#include "daemon/webhooks.h"
#include "io/loop.h"

/* What leaves the bridge in one turn before the sockets get their turn again. */
enum { OUTS_A_TURN = 512 };


struct bridge_time app_now(const struct app *a)
{
	return (struct bridge_time){ loop_mono_ms(a->loop), loop_wall_ms(a->loop) };
}

struct app_parts app_parts(const struct app *a)
{
	return (struct app_parts){ a->bridge, a->apply, a->keeper, a->people, a->admin,
				   a->report, a->webhooks, a->log, a->checker, a->path, a->captures,
				   a->conf, a->documents, a->sign_in, a->herald };
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

static void say_overwritten(struct app *a, const struct action *act)
{
	const struct slice who = directory_email(bridge_directory(a->bridge), act->user);

	log_put(a->log, loop_mono_ms(a->loop), 4, "overwritten",
		"%.*s: our session %s was gone before its time; when this repeats, look for another program "
		"that signs in with the same client id", SLICE_ARG(who), session_name(act->audit.a));
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
	case GRAPH_TEXT:
		keeper_put_text(a->keeper, out);
		break;
	case GRAPH_FOUND:
		report_user_changed(a->report, out->user);
		break;
	case GRAPH_READ:
		people_read(a->people, a->conf, apply_realm(a->apply, realm), out);
		break;
	case GRAPH_OUTCOME:
	case GRAPH_PERSON:
	case GRAPH_MEMBER:
	case GRAPH_LOAD:
		CHECK(false); /* the bridge keeps these */
	}
}

static void take_text(struct app *a, const struct action *act)
{
	struct buf words;

	buf_init(&words, RULES_TEXT_MAX);
	rules_text(a->rules, act, loop_wall_ms(a->loop), &words);
	bridge_set_text(a->bridge, app_now(a), act->user, buf_view(&words), act->text.until_wall_ms);
	buf_fini(&words);
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
		if (act->audit.kind == AUDIT_OVERWRITTEN)
			say_overwritten(a, act);
		keeper_audit(a->keeper, act);
		break;
	case ACT_CHANGED:
		report_user_changed(a->report, act->user);
		break;
	case ACT_USER_GONE:
		lamp_server_forget(a->lamps, act->user);
		keeper_forget_user(a->keeper, act->user);
		people_left(a->people, act->user);
		report_user_gone(a->report, act->user);
		break;
	case ACT_STATUS_TEXT:
		take_text(a, act);
		break;
	case ACT_LAMP:
		lamp_server_show(a->lamps, act->user, (enum lamp)act->lamp);
		break;
	case ACT_HOLD: /* the bridge keeps these */
	case ACT_CLEAR:
	case ACT_READ_AGAIN:
	case ACT_RESYNC_LINE:
	case ACT_PROFILE_WRITE:
	case ACT_COUNT:
		CHECK(false);
	}
}

static void take_match(struct app *a, uint32_t user)
{
	uint16_t account = directory_user_account(bridge_directory(a->bridge), user);

	people_matched(a->people, app_now(a), apply_account(a->apply, account), user);
	report_user_changed(a->report, user);
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
	case BRIDGE_KEEP:
		keeper_put_lamp(a->keeper, out->source.line, slice_str(out->source.text));
		break;
	case BRIDGE_ANSWER:
		webhooks_answer(a->webhooks, &out->source);
		break;
	case BRIDGE_GRAPH:
	case BRIDGE_FOUND:
		take_graph(a, out->realm, &out->graph);
		break;
	case BRIDGE_MATCH:
		take_match(a, out->user);
		break;
	case BRIDGE_ACTION:
		take_action(a, &out->action);
		break;
	}
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
		{ "store_failing", k.failing },
		{ "reload_refused", a->reload_refused },
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
	int64_t credentials = earlier(credentials_look(a->credentials, t.mono_ms), rules_look(a->rules, t));
	bridge_tick(a->bridge, t);
	while (n < OUTS_A_TURN && bridge_drain(a->bridge, t, &out)) {
		take(a, &out);
		n++;
	}
	more |= lamp_server_turn(a->lamps, t);
	keep_sends(a, t);
	tell(a, t);
	const struct app_parts parts = app_parts(a);
	int64_t next = earlier(keep_alive(a, t.mono_ms),
			       earlier(bridge_next(a->bridge), report_next(a->report)));
	next = earlier(next, earlier(credentials, captures_turn(a->captures, t)));
	next = earlier(next, retention_look(&a->retention, a->conf, keeper_store(a->keeper), t));
	next = earlier(next, checker_turn(a->checker, &parts, t));
	next = earlier(next, lamp_server_next(a->lamps));
	next = earlier(next, apply_tidy(a->apply, t));
	loop_wake_at(a->loop, n == OUTS_A_TURN || more ? t.mono_ms : next);
	if (!a->ready) {
		a->ready = true;
		admin_set_ready(a->admin, true, "");
		service_ready();
	}
}

const struct loop_hooks app_hooks = { .turn = on_turn, .signalled = on_signal };

int app_run(const char *path, struct conf *conf)
{
	struct app a = { .path = path, .conf = conf };
	enum err e = start_all(&a);

	if (e)
		fprintf(stderr, "<3>offhookd: cannot start: %s\n", err_name(e));
	else {
		log_put(a.log, 0, 5, "start", "offhookd %s: page and API at %s:%u", OFFHOOK_VERSION,
			a.conf->server.listen.host, admin_port(a.admin));
		loop_run(a.loop);
	}
	stop_all(&a);
	return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
