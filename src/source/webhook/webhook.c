#include "source/webhook/webhook.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "proto/conf/conf.h"
#include "source/webhook/hook_source.h"

/* The address line of one report costs a place in the log, so it is short. */
enum { WHY_MAX = 120 };

static struct webhook *hook_of(struct source *s)
{
	return (struct webhook *)(void *)s;
}

static const struct webhook *const_hook_of(const struct source *s)
{
	return (const struct webhook *)(const void *)s;
}

/* ---- requests ---- */

/* 401 comes before everything else: who has no token learns nothing of lines. */
static bool may_send(const struct webhook *w, const struct source_feed *in)
{
	return hook_token_is(&w->token, in->token) ||
	       hook_signature_is(&w->token, in->bytes, in->signature);
}

/* `why` may quote the request, and with it a caller or somebody's reason: the sender hears it, no log. */
static void refuse(struct webhook *w, const struct source_feed *in, uint16_t status, enum note n,
		   const char *why)
{
	uint32_t slot = line_table_find(&w->table, slice_str(in->text));

	if (slot != LINE_NONE && status != 401)
		w->lines[slot].status = status;
	outbox_note(&w->out, n, slot == LINE_NONE ? ID_NONE : line_table_id(&w->table, slot),
		    "answered %u, with the reason for its sender", status);
	outbox_answer(&w->out, in->channel, status, "%s", why);
}

static uint16_t status_of(enum err e)
{
	return e == ERR_MALFORMED ? 400 : e == ERR_LIMIT ? 413 : 422;
}

/* Which line a report is about: the path's, or the body's; both only when they agree. */
static enum err slot_of(const struct webhook *w, const struct source_feed *in,
			const struct hook_report *r, uint32_t *ret_slot, char *why, size_t why_cap)
{
	const char *name = in->text[0] ? in->text : r->line;

	*ret_slot = LINE_NONE;
	if (r->ignored)
		return ERR_OK;
	if (!name[0]) {
		snprintf(why, why_cap, "no line: name it in the path or in the body");
		return ERR_PROTOCOL;
	}
	if (in->text[0] && r->line[0] && strcmp(in->text, r->line) != 0) {
		snprintf(why, why_cap, "path and body name different lines");
		return ERR_PROTOCOL;
	}
	*ret_slot = line_table_find(&w->table, slice_str(name));
	if (*ret_slot != LINE_NONE || (w->form.kind != HOOK_OWN && !in->text[0]))
		return ERR_OK; /* a PBX tells of all its extensions: those that are nobody's are
				  passed over */
	snprintf(why, why_cap, "line %.60s is not configured on this connector", name);
	return ERR_NOT_FOUND;
}

/* All reports of a request are good, or none is taken. */
static enum err check_reports(const struct webhook *w, const struct source_feed *in, uint32_t n,
			      char *why, size_t why_cap)
{
	uint32_t slot;
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < n && !e; i++)
		e = slot_of(w, in, &w->reports[i], &slot, why, why_cap);
	return e;
}

static void take_reports(struct webhook *w, const struct source_feed *in, uint32_t n)
{
	static const char *const words[HOOK_RESULTS] = { "applied", "stale", "ignored" };
	uint32_t count[HOOK_RESULTS] = { 0 }, slot;
	enum hook_result last = HOOK_IGNORED;
	char why[WHY_MAX];

	w->told_ms = w->now_ms;
	for (uint32_t i = 0; i < n; i++) {
		CHECK(slot_of(w, in, &w->reports[i], &slot, why, sizeof(why)) == ERR_OK);
		last = slot == LINE_NONE ? HOOK_IGNORED : hook_apply(w, slot, &w->reports[i]);
		count[last]++;
		if (slot != LINE_NONE)
			w->lines[slot].status = 200;
		else if (!w->reports[i].ignored)
			outbox_count(&w->out, NOTE_LINE_STRANGE);
	}
	if (n == 1)
		outbox_answer(&w->out, in->channel, 200, "%s", words[last]);
	else
		outbox_answer(&w->out, in->channel, 200, "%u applied, %u stale, %u ignored",
			      count[HOOK_APPLIED], count[HOOK_STALE], count[HOOK_IGNORED]);
}

static void take_request(struct webhook *w, const struct source_feed *in)
{
	char why[WHY_MAX] = "";
	uint32_t n = 0;
	enum err e;

	w->received++;
	w->token_refused = !may_send(w, in);
	if (w->token_refused) {
		refuse(w, in, 401, NOTE_TOKEN_REFUSED,
		       "the token or signature is missing or wrong");
		return;
	}
	if (in->no_json) {
		refuse(w, in, 415, NOTE_BAD_BODY, "the body must be application/json");
		return;
	}
	if (in->text[0] && line_table_find(&w->table, slice_str(in->text)) == LINE_NONE) {
		snprintf(why, sizeof(why), "line %.60s is not configured on this connector",
			 in->text);
		refuse(w, in, 404, NOTE_LINE_STRANGE, why);
		return;
	}
	e = hook_read(&w->form, in->bytes, w->reports, HOOK_REPORTS_MAX, &n, why, sizeof(why));
	if (e) {
		refuse(w, in, status_of(e), e == ERR_LIMIT ? NOTE_TOO_LARGE : NOTE_BAD_BODY, why);
		return;
	}
	e = check_reports(w, in, n, why, sizeof(why));
	if (e)
		refuse(w, in, e == ERR_NOT_FOUND ? 404 : 422,
		       e == ERR_NOT_FOUND ? NOTE_LINE_STRANGE : NOTE_BAD_BODY, why);
	else
		take_reports(w, in, n);
}

/* ---- the vtable ---- */

static void hook_close(struct source *s)
{
	struct webhook *w = hook_of(s);

	if (!w)
		return;
	secret_fini(&w->token);
	outbox_fini(&w->out);
	line_table_fini(&w->table);
	free(w->lines);
	free(w->reports);
	free(w);
}

static enum err set_up(struct webhook *w, const struct source_config *c)
{
	const struct conf_connector *s = c->settings;
	struct hook_mapping m = { 0 };
	enum hook_form_kind kind = HOOK_OWN;
	char why[WHY_MAX];
	enum err e = line_table_init(&w->table, c->lines_max);

	if (s) {
		kind = (enum hook_form_kind)s->format;
		w->silence_ms = s->silence;
		conf_hook_mapping(s, &m);
	}
	if (!e)
		e = hook_form_init(&w->form, kind, &m, c->seed, why, sizeof(why));
	if (!e && c->token && secret_is_set(c->token))
		e = secret_set(&w->token, secret_expose(c->token));
	w->lines = calloc(c->lines_max, sizeof(*w->lines));
	w->reports = calloc(HOOK_REPORTS_MAX, sizeof(*w->reports));
	return e ? e : w->lines && w->reports ? ERR_OK : ERR_NO_MEMORY;
}

static enum err hook_open(struct source **ret, const struct source_config *c, int64_t now_ms)
{
	struct webhook *w = calloc(1, sizeof(*w));
	enum err e;

	if (!w)
		return ERR_NO_MEMORY;
	w->connector = c->connector;
	w->account = c->account;
	w->reads_profile = c->reads_profile;
	w->now_ms = now_ms;
	w->scan_ms = now_ms;
	e = set_up(w, c);
	if (e) {
		hook_close((struct source *)(void *)w);
		return e;
	}
	outbox_plain(&w->out, OUT_UP, ID_NONE);
	*ret = (struct source *)(void *)w;
	return ERR_OK;
}

static enum err hook_add_line(struct source *s, uint32_t line, struct slice number)
{
	struct webhook *w = hook_of(s);
	uint32_t slot;
	enum err e = line_table_add(&w->table, line, number, &slot);

	if (!e)
		hook_line_fresh(&w->lines[slot]);
	return e;
}

static void hook_remove_line(struct source *s, uint32_t line)
{
	line_table_remove(&hook_of(s)->table, line);
}

/* Nobody can be asked. A call of which nothing was heard for hours is no longer believed. */
static void hook_resync_line(struct source *s, uint32_t line)
{
	struct webhook *w = hook_of(s);
	uint32_t slot = line_table_slot(&w->table, line);
	const struct hook_line *l = slot == LINE_NONE ? NULL : &w->lines[slot];

	if (l && l->synced && l->in_call && w->now_ms - l->report_ms >= CALL_SILENCE_MS)
		hook_lose(w, slot);
}

static void hook_feed(struct source *s, int64_t now_ms, const struct source_feed *in)
{
	struct webhook *w = hook_of(s);

	w->now_ms = now_ms;
	if (in->kind == FEED_REQUEST)
		take_request(w, in);
}

static int64_t scan_every(const struct webhook *w)
{
	return w->silence_ms / SCANS > SCAN_LEAST_MS ? w->silence_ms / SCANS : SCAN_LEAST_MS;
}

static void scan(struct webhook *w)
{
	if (w->silence_ms == 0)
		return;
	w->scan_ms = w->now_ms + scan_every(w);
	for (uint32_t i = line_table_next(&w->table, 0); i != LINE_NONE;
	     i = line_table_next(&w->table, i + 1))
		if (w->lines[i].synced && w->now_ms - w->lines[i].report_ms >= w->silence_ms)
			hook_lose(w, i);
}

static void hook_tick(struct source *s, int64_t now_ms)
{
	struct webhook *w = hook_of(s);

	w->now_ms = now_ms;
	if (now_ms >= w->scan_ms)
		scan(w);
}

/* Nobody can be asked; but who has been silent for too long is known now. */
static void hook_probe(struct source *s, int64_t now_ms)
{
	struct webhook *w = hook_of(s);

	w->now_ms = now_ms;
	scan(w);
}

static int64_t hook_next(const struct source *s)
{
	const struct webhook *w = const_hook_of(s);

	return w->silence_ms ? w->scan_ms : TIME_NEVER;
}

static bool hook_drain(struct source *s, struct source_out *ret)
{
	return outbox_drain(&hook_of(s)->out, ret);
}

static void hook_view(const struct source *s, struct source_view *ret)
{
	const struct webhook *w = const_hook_of(s);

	*ret = (struct source_view){ .up = true,
				     .logged_in = !w->token_refused,
				     .lines = w->table.n,
				     .received = w->received,
				     .probe = SOURCE_PROBE_NOBODY,
				     .told_ms = w->told_ms,
				     .sent = w->out.sent };
	memcpy(ret->counters, w->out.counters, sizeof(ret->counters));
	for (uint32_t i = line_table_next(&w->table, 0); i != LINE_NONE;
	     i = line_table_next(&w->table, i + 1))
		ret->live += w->lines[i].synced;
	snprintf(ret->state, sizeof(ret->state), "%s",
		 w->token_refused ? "the last request had a wrong token"
		 : w->received	  ? "up"
				  : "up, no request has come yet");
}

static bool hook_line_view(const struct source *s, uint32_t line, struct source_line_view *ret)
{
	const struct webhook *w = const_hook_of(s);
	uint32_t slot = line_table_slot(&w->table, line);

	if (slot == LINE_NONE)
		return false;
	const struct hook_line *l = &w->lines[slot];
	*ret = (struct source_line_view){ .link = l->synced ? LINE_LIVE : LINE_WAITING,
					  .last_status = l->status,
					  .last_report_ms = l->report_ms,
					  .awaited = !l->synced && !l->lost };
	if (!l->synced)
		snprintf(ret->reason, sizeof(ret->reason), "%s",
			 l->lost ? "nothing was reported for too long"
				 : "no report on its calls has come yet");
	return true;
}

const struct source_ops webhook_source_ops = {
	.type = "webhook",
	.open = hook_open,
	.close = hook_close,
	.add_line = hook_add_line,
	.remove_line = hook_remove_line,
	.resync_line = hook_resync_line,
	.probe = hook_probe,
	.feed = hook_feed,
	.tick = hook_tick,
	.next = hook_next,
	.drain = hook_drain,
	.view = hook_view,
	.line_view = hook_line_view,
};
