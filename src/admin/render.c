#include "admin/render.h"

#include "admin/explain.h"
#include "admin/matching.h"
#include "admin/said.h"
#include "admin/words.h"
#include "base/date.h"
#include "core/engine.h"

/* 0 and "no end" are null: the reader's words for "none". */
static void instant(struct jsonw *j, const char *key, int64_t wall_ms)
{
	char text[DATE_LEN + 1];

	if (wall_ms <= 0 || wall_ms == TIME_NEVER) {
		jsonw_null(j, key);
		return;
	}
	date_format(wall_ms, text);
	jsonw_string(j, key, text);
}

static void text_or_null(struct jsonw *j, const char *key, struct slice s)
{
	if (s.n)
		jsonw_slice(j, key, s);
	else
		jsonw_null(j, key);
}

static void line_state(struct jsonw *j, const struct admin_line *l, const struct names *n)
{
	jsonw_slice(j, "connector", names_connector(n, l->connector));
	jsonw_slice(j, "number", l->number);
	jsonw_string(j, "presence", presence_name((enum presence)l->presence));
	jsonw_string(j, "call", word_call(l->call));
	jsonw_uint(j, "calls", l->calls);
	jsonw_bool(j, "dnd", l->dnd);
	jsonw_bool(j, "registered", l->registered);
	jsonw_string(j, "forward", word_forward(l->forward));
	jsonw_string(j, "sync", word_sync(l->sync));
	jsonw_string(j, "link", word_link(l->link));
}

static bool is_lent(const struct admin_line *l)
{
	return l->lend == LINE_LEND_HELD || l->lend == LINE_LEND_RETURNED;
}

/* What the line's PBX holds of the profile; null where the connector ignores profiles. */
static void line_profile(struct jsonw *j, const struct admin_line *l)
{
	bool said = l->write != LINE_WRITE_NONE;

	if (!l->reads_profile && !l->writes_profile) {
		jsonw_null(j, "profile");
		return;
	}
	jsonw_begin_object(j, "profile");
	jsonw_string(j, "mode", !l->writes_profile ? "read" : l->reads_profile ? "both" : "write");
	text_or_null(j, "held", l->pbx_profile < PROFILE_COUNT
					? slice_str(profile_name((enum profile)l->pbx_profile))
					: SLICE_NONE);
	text_or_null(j, "text", l->profile_text);
	jsonw_string(j, "write", word_line_write(l->write));
	text_or_null(j, "written", said ? slice_str(profile_name((enum profile)l->written)) : SLICE_NONE);
	said_write(j, "refusal", l->write == LINE_WRITE_REFUSED && l->refusal.n ? l->refusal : SLICE_NONE);
	jsonw_string(j, "lend", word_line_lend(l->lend));
	text_or_null(j, "lent", is_lent(l) ? slice_str(profile_name((enum profile)l->lent)) : SLICE_NONE);
	jsonw_end_object(j);
}

void render_line(struct jsonw *j, const struct admin_line *l, const struct names *n,
		 const struct slice *email)
{
	jsonw_begin_object(j, NULL);
	if (email)
		jsonw_slice(j, "email", *email);
	line_state(j, l, n);
	instant(j, "since", l->since_wall_ms);
	instant(j, "last_report", l->last_report_wall_ms);
	jsonw_uint(j, "last_status", l->last_status);
	said_write(j, "reason", l->reason.n ? l->reason : SLICE_NONE);
	line_profile(j, l);
	text_or_null(j, "lamp", l->lamp);
	text_or_null(j, "lamp_refusal", l->lamp_refusal);
	jsonw_end_object(j);
}

static void row_lines(struct jsonw *j, const struct admin_user *u, const struct names *n)
{
	jsonw_begin_array(j, "lines");
	for (uint32_t i = 0; i < u->lines_n; i++) {
		jsonw_begin_object(j, NULL);
		line_state(j, &u->lines[i], n);
		jsonw_end_object(j);
	}
	jsonw_end_array(j);
}

static void full_lines(struct jsonw *j, const struct admin_user *u, const struct names *n)
{
	jsonw_begin_array(j, "lines");
	for (uint32_t i = 0; i < u->lines_n; i++)
		render_line(j, &u->lines[i], n, NULL);
	jsonw_end_array(j);
}

/* By the name of what it shows, and in Graph's word: Busy may be a call or a conference. */
static void session_fields(struct jsonw *j, const char *shows, const char *activity, enum session s)
{
	jsonw_string(j, shows, s == SESSION_NONE ? "none" : presence_name(session_shows(s)));
	jsonw_string(j, activity, session_activity(s));
}

static void state_fields(struct jsonw *j, const struct snap_copy *c, const struct names *n)
{
	const struct admin_user *u = &c->user;

	jsonw_uint(j, "id", u->user);
	jsonw_uint(j, "seq", c->seq);
	jsonw_slice(j, "account", names_account(n, u->account));
	jsonw_slice(j, "email", u->email);
	text_or_null(j, "name", u->name);
	jsonw_bool(j, "enabled", u->enabled);
	jsonw_bool(j, "settled", u->settled);
	jsonw_string(j, "combined", presence_name((enum presence)u->combined));
	instant(j, "combined_since", u->combined_since_wall_ms);
	jsonw_string(j, "profile", profile_name((enum profile)u->profile));
	instant(j, "profile_until", u->profile_until_wall_ms);
	session_fields(j, "session", "activity", (enum session)u->held);
	session_fields(j, "desired", "desired_activity", (enum session)u->desired);
	instant(j, "lease_end", u->held != SESSION_NONE ? u->lease_end_wall_ms : 0);
	jsonw_string(j, "publish", word_publish(u->publish));
	jsonw_uint(j, "http_status", u->last_http_status);
	jsonw_string(j, "seen", u->seen_known ? presence_name((enum presence)u->seen) : "unknown");
	text_or_null(j, "seen_pair", u->seen_known ? u->seen_pair : SLICE_NONE);
	jsonw_string(j, "shown", shown_name((enum shown)u->shown));
	jsonw_bool(j, "conflict", u->conflict);
	jsonw_string(j, "lamp", lamp_name((enum lamp)u->lamp));
	jsonw_uint(j, "watchers", u->watchers);
}

void render_user_row(struct jsonw *j, const char *key, const struct snap_copy *c,
		     const struct names *n)
{
	jsonw_begin_object(j, key);
	state_fields(j, c, n);
	row_lines(j, &c->user, n);
	jsonw_end_object(j);
}

static void policy(struct jsonw *j, const struct admin_user *u)
{
	const struct policy *p = &u->policy;

	jsonw_begin_object(j, "policy");
	jsonw_bool(j, "own", u->own_policy);
	jsonw_string(j, "precedence", word_precedence(p->precedence));
	jsonw_string(j, "ringing", word_ringing(p->ringing));
	jsonw_string(j, "busy", word_busy(p->busy));
	jsonw_string(j, "dnd", word_dnd(p->dnd));
	jsonw_string(j, "not_available", word_not_available(p->not_available));
	jsonw_int(j, "settle_ms", p->settle_ms);
	jsonw_int(j, "grace_ms", p->grace_ms);
	jsonw_int(j, "lease_ms", p->lease_ms);
	jsonw_end_object(j);
}

/* After each sentence that was written, a byte that is in none. */
enum { SENTENCE_END = '\x1e' };

static void end_sentence(struct buf *b, size_t *from)
{
	if (b->n > *from)
		buf_char(b, SENTENCE_END);
	*from = b->n;
}

static void explain(struct buf *b, const struct admin_user *u, const struct names *n, enum account_mode mode)
{
	size_t from = 0;

	explain_rule(b, u, n);
	end_sentence(b, &from);
	explain_session(b, u, mode);
	end_sentence(b, &from);
	explain_text(b, u);
	end_sentence(b, &from);
	explain_matching(b, u);
	end_sentence(b, &from);
	explain_seen(b, u);
	end_sentence(b, &from);
	for (uint32_t i = 0; i < u->lines_n; i++) {
		explain_write(b, &u->lines[i], n);
		end_sentence(b, &from);
		explain_lend(b, u, &u->lines[i], n);
		end_sentence(b, &from);
		explain_lamp(b, &u->lines[i], n);
		end_sentence(b, &from);
	}
}

static void sentences(struct jsonw *j, const struct admin_user *u, const struct names *n,
		      enum account_mode mode)
{
	struct slice all, sentence;
	struct buf b;

	buf_init(&b, 65536);
	explain(&b, u, n, mode);
	all = buf_view(&b);
	jsonw_slice(j, "rule", slice_sub(all, 0, slice_find(all, SENTENCE_END)));
	jsonw_begin_array(j, "why");
	while (slice_split(&all, SENTENCE_END, &sentence))
		if (sentence.n)
			jsonw_slice(j, NULL, sentence);
	jsonw_end_array(j);
	all = buf_view(&b);
	jsonw_begin_array(j, "why_said");
	while (slice_split(&all, SENTENCE_END, &sentence))
		if (sentence.n)
			said_write_parts(j, NULL, sentence);
	jsonw_end_array(j);
	buf_fini(&b);
}

static void winner(struct jsonw *j, const struct admin_user *u, const struct names *n)
{
	jsonw_begin_object(j, "winner");
	jsonw_string(j, "kind", word_winner(u->winner));
	for (uint32_t i = 0; u->winner == WINNER_LINE && i < u->lines_n; i++)
		if (u->lines[i].line == u->winner_line) {
			jsonw_slice(j, "connector", names_connector(n, u->lines[i].connector));
			jsonw_slice(j, "number", u->lines[i].number);
		}
	jsonw_end_object(j);
}

static void graph(struct jsonw *j, const struct admin_user *u)
{
	jsonw_begin_object(j, "graph");
	text_or_null(j, "teams_id", u->teams_id);
	jsonw_uint(j, "last_status", u->last_http_status);
	instant(j, "last_answer", u->last_answer_wall_ms);
	said_write(j, "error", u->graph_error.n ? u->graph_error : SLICE_NONE);
	text_or_null(j, "request_id", u->request_id);
	instant(j, "retry", u->retry_wall_ms);
	instant(j, "renew", u->held != SESSION_NONE ? u->renew_wall_ms : 0);
	jsonw_bool(j, "preferred", u->held_preferred);
	jsonw_bool(j, "preferred_left", u->preferred_left);
	jsonw_bool(j, "outside_hours", u->closed);
	instant(j, "hours_change", u->hours_until_wall_ms);
	jsonw_string(j, "status_text", text_cause_name((enum text_cause)u->text));
	jsonw_bool(j, "status_text_ours", u->text_ours);
	jsonw_uint(j, "generation", u->generation);
	instant(j, "seen_at", u->seen_known ? u->seen_wall_ms : 0);
	jsonw_end_object(j);
}

void render_user_full(struct jsonw *j, const char *key, const struct snap_copy *c,
		      const struct names *n, enum account_mode mode)
{
	const struct admin_user *u = &c->user;

	jsonw_begin_object(j, key);
	state_fields(j, c, n);
	jsonw_bool(j, "leaving", u->leaving);
	jsonw_string(j, "mode", word_mode(mode));
	instant(j, "profile_since", u->profile_since_wall_ms);
	jsonw_string(j, "profile_presence", presence_name((enum presence)u->profile_presence));
	winner(j, u, n);
	sentences(j, u, n, mode);
	graph(j, u);
	if (u->has_match)
		render_matching(j, "matching", u, false);
	policy(j, u);
	full_lines(j, u, n);
	jsonw_end_object(j);
}

static void counters(struct jsonw *j, const struct admin_counter *v, uint32_t n)
{
	jsonw_begin_object(j, "counters");
	for (uint32_t i = 0; i < n; i++)
		jsonw_uint(j, v[i].name, v[i].value);
	jsonw_end_object(j);
}

void render_connector(struct jsonw *j, const char *key, const struct admin_connector *v,
		      const struct names *n)
{
	jsonw_begin_object(j, key);
	jsonw_slice(j, "account", names_account(n, v->account));
	jsonw_slice(j, "name", v->name);
	jsonw_slice(j, "type", v->type);
	jsonw_slice(j, "server", v->server);
	jsonw_bool(j, "up", v->up);
	instant(j, "since", v->since_wall_ms);
	said_write(j, "state", v->state);
	jsonw_bool(j, "logged_in", v->logged_in);
	said_write(j, "missing", v->missing.n ? v->missing : SLICE_NONE);
	jsonw_uint(j, "lines", v->lines);
	jsonw_uint(j, "live", v->live);
	jsonw_uint(j, "refused", v->refused);
	jsonw_uint(j, "received", v->received);
	jsonw_uint(j, "sent", v->sent);
	counters(j, v->counters, v->counters_n);
	jsonw_end_object(j);
}

static void account_classes(struct jsonw *j, const struct admin_account *v)
{
	static const char *const names[] = {"rise", "clear", "renew"};

	jsonw_begin_object(j, "classes");
	for (int u = 0; u < URGENCY_COUNT; u++) {
		uint64_t n = v->class[u].delay_count;

		jsonw_begin_object(j, names[u]);
		jsonw_uint(j, "queued", v->queued[u]);
		jsonw_int(j, "backlog_ms", v->class[u].wait_ms);
		jsonw_uint(j, "mean_delay_ms", n ? v->class[u].delay_sum_ms / n : 0);
		jsonw_end_object(j);
	}
	jsonw_end_object(j);
}

static void account_graph(struct jsonw *j, const struct admin_account *v)
{
	jsonw_begin_object(j, "graph");
	jsonw_string(j, "token", word_token(v->token));
	instant(j, "token_good_until", v->token_good_until_wall_ms);
	said_write(j, "token_error", v->token_error.n ? v->token_error : SLICE_NONE);
	jsonw_bool(j, "gate_closed", v->gate_closed);
	instant(j, "gate_until", v->gate_closed ? v->gate_until_wall_ms : 0);
	jsonw_uint(j, "queued_rise", v->queued[URGENCY_RISE]);
	jsonw_uint(j, "queued_clear", v->queued[URGENCY_CLEAR]);
	jsonw_uint(j, "queued_renew", v->queued[URGENCY_RENEW]);
	jsonw_uint(j, "in_flight", v->in_flight);
	jsonw_uint(j, "sent_in_window", v->sent_in_window);
	jsonw_uint(j, "quota", v->quota);
	jsonw_int(j, "window_ms", v->window_ms);
	jsonw_uint(j, "sent", v->sent);
	jsonw_uint(j, "accepted", v->accepted);
	jsonw_uint(j, "throttled", v->throttled);
	jsonw_uint(j, "denied", v->denied);
	jsonw_uint(j, "retried", v->retried);
	jsonw_uint(j, "unsure", v->unsure);
	jsonw_uint(j, "mean_delay_ms", v->delay_count ? v->delay_sum_ms / v->delay_count : 0);
	account_classes(j, v);
	jsonw_int(j, "credential_ends_ms", v->credential_ends_wall_ms);
	jsonw_uint(j, "quota_now", v->quota_now);
	jsonw_uint(j, "quota_proven", v->quota_proven);
	jsonw_uint(j, "batches", v->batches);
	jsonw_int(j, "round_trip_ms", v->rtt_ms);
	jsonw_bool(j, "overload", v->deep);
	jsonw_int(j, "lease_floor_ms", v->lease_floor_ms);
	counters(j, v->counters, v->counters_n);
	jsonw_end_object(j);
}

void render_account(struct jsonw *j, const char *key, const struct admin_account *v,
		    const struct snap_census *census)
{
	jsonw_begin_object(j, key);
	jsonw_slice(j, "name", v->name);
	jsonw_string(j, "mode", word_mode(v->mode));
	jsonw_uint(j, "users", census->users);
	jsonw_uint(j, "enabled", census->enabled);
	jsonw_uint(j, "settled", census->settled);
	jsonw_uint(j, "held", census->held);
	jsonw_uint(j, "backing_off", census->backing_off);
	jsonw_uint(j, "masked", census->shown[SHOWN_MASKED]);
	jsonw_uint(j, "hidden", census->shown[SHOWN_HIDDEN] + census->shown[SHOWN_AWAY_HIDDEN]);
	jsonw_uint(j, "conflicts", census->conflicts);
	jsonw_uint(j, "watchers", census->watchers);
	jsonw_uint(j, "lamps_lit", census->lit);
	jsonw_begin_object(j, "combined");
	for (int p = 0; p < PRESENCE_COUNT; p++)
		jsonw_uint(j, presence_name((enum presence)p), census->combined[p]);
	jsonw_end_object(j);
	account_graph(j, v);
	jsonw_end_object(j);
}
