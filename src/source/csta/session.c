/* session.c - from the connection to monitors: log-in (ECMA-354), keep-alive, and what the switch
 * asks. */
#include <stdio.h>

#include "base/check.h"
#include "base/sm.h"
#include "source/csta/machine.h"

static const struct sm_state moves[STAGE_STATES] = {
	[STAGE_DOWN] = { "down", SM_TO(STAGE_LOGIN) | SM_TO(STAGE_DOWN) },
	[STAGE_LOGIN] = { "login", SM_TO(STAGE_UP) | SM_TO(STAGE_DOWN) },
	[STAGE_UP] = { "up", SM_TO(STAGE_DOWN) },
};

/* A switch without sessions proves by any answer that it speaks CSTA. */
static void put_log_in(struct csta *c)
{
	const struct csta_login login = { .element = c->login_element,
					  .ns = c->login_ns,
					  .username = slice_str(c->username),
					  .password = secret_expose(&c->password),
					  .duration_s = SESSION_S };

	if (c->log_in == LOG_IN_SESSION)
		csta_put_session_start(&c->scratch, c->offers, &login);
	else if (c->log_in == LOG_IN_REGISTER)
		csta_put_register(&c->scratch, c->edition);
	else
		csta_put_plain(&c->scratch, c->edition, "RequestSystemStatus");
}

void cs_session_opened(struct csta *c)
{
	sm_move(moves, &c->stage, STAGE_LOGIN);
	csta_stream_fini(&c->stream);
	c->edition = c->offers == CSTA_EDITION_ANY ? CSTA_EDITION_DEFAULT : c->offers;
	put_log_in(c);
	if (!cs_ask_send(c, ASK_LOGIN, NONE))
		cs_session_drop(c, NOTE_LOGIN_REFUSED, "username or password cannot be sent",
				LOGIN_SLOW_MAX_MS);
	if (c->scratch.p)
		explicit_bzero(c->scratch.p, c->scratch.n);
	buf_reset(&c->scratch);
}

/* Monitors end with the link. What was known stands in the engine, for as long as it lets it. */
void cs_session_lost(struct csta *c)
{
	sm_move(moves, &c->stage, STAGE_DOWN);
	c->pending_n = c->in_step_n = 0;
	c->session[0] = '\0';
	c->renew_ms = c->sweep_due_ms = c->resync_due_ms = c->retry_due_ms = TIME_NEVER;
	for (uint32_t i = line_table_next(&c->table, 0); i != LINE_NONE;
	     i = line_table_next(&c->table, i + 1)) {
		struct device *d = &c->devices[i];

		if (d->monitored)
			map_del(&c->by_xref, d->xref_key, i);
		d->monitored = d->synced = d->in_step = d->profile_heard = d->dnd_heard = d->probed = false;
		d->link = LINE_WAITING;
		d->reason[0] = '\0';
		d->refusals = d->wants = d->forbidden = 0;
		d->retry_ms = TIME_NEVER;
		cs_profile_forget(c, i);
	}
	call_drop_all(&c->calls);
}

void cs_session_drop(struct csta *c, enum note n, const char *why, int64_t wait_ms)
{
	if (!uplink_open(&c->link))
		return;
	uplink_drop(&c->link, c->now_ms, n, why, wait_ms);
	cs_session_lost(c);
}

/* ---- the switch's answers ---- */

static void up(struct csta *c)
{
	sm_move(moves, &c->stage, STAGE_UP);
	c->login_refusals = 0;
	c->login_refused[0] = '\0';
	c->denied = 0;
	c->resynced_ms = c->now_ms - RESYNC_GAP_MS;
	c->sweep_due_ms = c->now_ms + SWEEP_MS;
	uplink_ready(&c->link, c->now_ms);
	for (uint32_t i = line_table_next(&c->table, 0); i != LINE_NONE;
	     i = line_table_next(&c->table, i + 1)) {
		cs_ask_want(c, i, 1 << ASK_MONITOR);
		cs_lamp_anew(c, i, true);
	}
	cs_ask_pump(c);
}

/* By a part of what the switch gives as its reason; ECMA-354 leaves the words to vendors. */
static const char *advice(const struct csta *c, struct slice refusal)
{
	static const struct {
		const char *part, *advice;
	} rows[] = {
		{ "ersion", "; set edition to one that the switch speaks" },
		{ "imit", "; the switch has no room for one more session" },
		{ "esource", "; the switch has no room for one more session" },
		{ "icen", "; the switch has no licence for one more session" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (slice_find_str(refusal, slice_str(rows[i].part)) < refusal.n)
			return rows[i].advice;
	if (c->log_in != LOG_IN_SESSION)
		return "";
	return c->username[0] ? "; check username, password_file and login_element"
			      : "; it may want a username and its password_file";
}

static void refused(struct csta *c, const char *refusal)
{
	int64_t wait = (int64_t)LOGIN_SLOW_MS << c->login_refusals;

	c->login_refusals += wait < LOGIN_SLOW_MAX_MS;
	snprintf(c->login_refused, sizeof(c->login_refused), "log-in refused: %.*s", REASON_MAX - 17,
		 refusal);
	outbox_note(&c->out, NOTE_LOGIN_REFUSED, ID_NONE, "%s%s", refusal, advice(c, slice_str(refusal)));
	cs_session_drop(c, NOTE_DISCONNECTED, c->login_refused,
			wait < LOGIN_SLOW_MAX_MS ? wait : LOGIN_SLOW_MAX_MS);
}

/* Half of what the switch has granted; an answer that names no duration grants what the last one
 * did. A switch that never names one, or no session, has no timer to renew. */
static void set_timer(struct csta *c, const struct csta_message *m)
{
	uint64_t seconds;

	if (!slice_u64(csta_get(m, 0, "actualSessionDuration"), 7 * 86400, &seconds))
		c->session_s = (int64_t)seconds;
	c->renew_ms = c->session[0] && c->session_s ? c->now_ms + c->session_s * 500 : TIME_NEVER;
}

/* The switch's word counts, whatever was offered; one that we cannot write leaves it at that. */
static void take_edition(struct csta *c, struct slice version)
{
	uint8_t edition = csta_edition_of(version);

	if (edition)
		c->edition = edition;
	else if (version.n)
		outbox_note(&c->out, NOTE_UNSUPPORTED, ID_NONE,
			    "the switch's protocol version %.*s is none of ours; edition %u is spoken",
			    (int)(version.n < 80 ? version.n : 80), version.p, c->edition);
}

static void logged_in(struct csta *c, const struct csta_message *m)
{
	if (c->log_in == LOG_IN_SESSION) {
		if (slice_copy(csta_get(m, 0, "sessionID"), c->session, sizeof(c->session)))
			c->session[0] = '\0';
		c->session_s = 0;
		set_timer(c, m);
		take_edition(c, csta_get(m, 0, "actualProtocolVersion"));
	}
	up(c);
}

void cs_session_answer(struct csta *c, enum ask what, const struct csta_message *m,
		       const char *refusal)
{
	if (what == ASK_LOGIN && refusal[0] && c->log_in != LOG_IN_NONE)
		refused(c, refusal);
	else if (what == ASK_LOGIN)
		logged_in(c, m);
	else if (what == ASK_RENEW && refusal[0])
		cs_session_drop(c, NOTE_DISCONNECTED, "the switch does not renew the session", 0);
	else if (what == ASK_RENEW)
		set_timer(c, m);
}

/* ---- what the switch asks ---- */

static void reply(struct csta *c, uint16_t invoke)
{
	if (csta_frame_end(&c->scratch, invoke) == ERR_OK)
		uplink_send(&c->link, buf_view(&c->scratch));
}

static void take_status(struct csta *c, const struct csta_message *m, uint16_t invoke)
{
	(void)m;
	csta_put_plain(&c->scratch, c->edition, "SystemStatusResponse");
	reply(c, invoke);
}

static void take_status_request(struct csta *c, const struct csta_message *m, uint16_t invoke)
{
	(void)m;
	csta_put_one(&c->scratch, c->edition, "RequestSystemStatusResponse", "systemStatus",
		     SLICE_LIT("normal"));
	reply(c, invoke);
}

/* A monitor that the switch ends is started again, but not at the speed of the wire. */
static void take_monitor_stop(struct csta *c, const struct csta_message *m, uint16_t invoke)
{
	uint32_t slot = cs_xref_find(c, csta_get(m, 0, "monitorCrossRefID"));

	csta_put_plain(&c->scratch, c->edition, "MonitorStopResponse");
	reply(c, invoke);
	if (slot == LINE_NONE)
		return;
	struct device *d = &c->devices[slot];
	map_del(&c->by_xref, d->xref_key, slot);
	d->monitored = d->synced = d->profile_heard = d->dnd_heard = false;
	cs_profile_broken_off(c, slot, "the switch ended the monitor");
	cs_ask_forget(c, slot);
	cs_lamp_anew(c, slot, false);
	call_drop_line(&c->calls, slot);
	outbox_note(&c->out, NOTE_SUBSCRIPTION_GONE, line_table_id(&c->table, slot),
		    "the switch ended the monitor");
	outbox_plain(&c->out, OUT_LINE_LOST, line_table_id(&c->table, slot));
	cs_ask_wait(c, slot, LINE_WAITING, MONITOR_AGAIN_MS, "the switch ended the monitor");
	cs_ask_pump(c);
}

static void take_terminated(struct csta *c, const struct csta_message *m, uint16_t invoke)
{
	(void)m;
	(void)invoke;
	cs_session_drop(c, NOTE_DISCONNECTED, "the switch ended the session", 0);
}

static const struct {
	const char *name;
	void (*take)(struct csta *c, const struct csta_message *m, uint16_t invoke);
} services[] = {
	{ "SystemStatus", take_status },
	{ "RequestSystemStatus", take_status_request },
	{ "MonitorStop", take_monitor_stop },
	{ "ApplicationSessionTerminated", take_terminated },
};

static bool serve(struct csta *c, const struct csta_message *m, uint16_t invoke)
{
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		if (!csta_root_is(m, services[i].name))
			continue;
		services[i].take(c, m, invoke);
		return true;
	}
	return false;
}

static bool ends_in(struct slice name, const char *tail)
{
	size_t n = strlen(tail);

	return name.n >= n && slice_is(slice_sub(name, name.n - n, name.n), tail);
}

/* An answer that comes too late, or a service that is not ours to give. */
static void take_strange(struct csta *c, const struct csta_message *m, uint16_t invoke)
{
	struct slice name = csta_name(m, 0);

	outbox_count(&c->out, NOTE_UNSUPPORTED);
	cs_answer_stale(c, m);
	if (ends_in(name, "Response") || ends_in(name, "Code") || invoke == CSTA_EVENT)
		return;
	csta_put_one(&c->scratch, c->edition, "CSTAErrorCode", "operation",
		     SLICE_LIT("serviceNotSupported"));
	reply(c, invoke);
}

static void take_unreadable(struct csta *c, enum err e, uint16_t invoke)
{
	struct pending p;

	outbox_note(&c->out, e == ERR_LIMIT ? NOTE_TOO_LARGE : NOTE_BAD_BODY, ID_NONE,
		    "message of the switch: %s", err_name(e));
	if (cs_ask_take(c, invoke, &p))
		cs_answer_take(c, &p, c->message);
	else
		cs_ask_resync_all(c); /* it may have been an event on any line */
}

static void take_frame(struct csta *c, const struct csta_frame *f)
{
	struct csta_message *m = c->message;
	struct pending p;
	enum err e = csta_read(c->xml, f->xml, m);

	c->received++;
	if (e)
		take_unreadable(c, e, f->invoke);
	else if (serve(c, m, f->invoke))
		return;
	else if (ends_in(csta_name(m, 0), "Event"))
		cs_event_take(c, m);
	else if (cs_ask_take(c, f->invoke, &p)) {
		if (p.what != ASK_LOGIN)
			uplink_answered(&c->link);
		cs_answer_take(c, &p, m);
	}
	else
		take_strange(c, m, f->invoke);
}

/* A frame's handling may end the session: then its bytes are nobody's. */
void cs_session_bytes(struct csta *c, struct slice bytes)
{
	uint32_t channel = c->link.channel;
	struct csta_frame f;
	enum err e = csta_stream_add(&c->stream, bytes);

	while (e == ERR_OK && uplink_open(&c->link) && c->link.channel == channel) {
		e = csta_stream_next(&c->stream, &f);
		if (e == ERR_OK)
			take_frame(c, &f);
	}
	if (e != ERR_OK && e != ERR_AGAIN && uplink_open(&c->link))
		cs_session_drop(c, e == ERR_LIMIT ? NOTE_TOO_LARGE : NOTE_MALFORMED,
				"no csta, or a broken stream", 0);
}

/* ---- time ---- */

/* What proves that the switch is there: a service that it has answered before. */
static void probe(struct csta *c)
{
	if (c->session[0]) {
		c->renew_ms = TIME_NEVER;
		csta_put_session_reset(&c->scratch, slice_str(c->session), SESSION_S);
		if (!cs_ask_send(c, ASK_RENEW, NONE))
			c->renew_ms = c->now_ms + RENEW_AGAIN_MS;
		return;
	}
	csta_put_plain(&c->scratch, c->edition, "RequestSystemStatus");
	(void)cs_ask_send(c, ASK_STATUS, NONE);
}

void cs_session_probe(struct csta *c)
{
	if (c->stage == STAGE_UP)
		probe(c);
}

static int64_t probe_due_ms(const struct csta *c)
{
	int64_t idle = c->pending_n ? TIME_NEVER : c->link.heard_ms + IDLE_MS;

	if (c->stage != STAGE_UP)
		return TIME_NEVER;
	return c->renew_ms < idle ? c->renew_ms : idle;
}

void cs_session_tick(struct csta *c)
{
	if (c->now_ms >= probe_due_ms(c))
		probe(c);
}

int64_t cs_session_next(const struct csta *c)
{
	return probe_due_ms(c);
}
