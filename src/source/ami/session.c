/* session.c - from the banner to events: log-in, what the account may, keep-alive. */
#include "source/ami/machine.h"

#include <stdio.h>

#include "base/check.h"
#include "base/sm.h"

static const struct sm_state moves[STAGE_STATES] = {
	[STAGE_DOWN] = { "down", SM_TO(STAGE_BANNER) | SM_TO(STAGE_DOWN) },
	[STAGE_BANNER] = { "banner", SM_TO(STAGE_CHALLENGE) | SM_TO(STAGE_DOWN) },
	[STAGE_CHALLENGE] = { "challenge", SM_TO(STAGE_LOGIN) | SM_TO(STAGE_DOWN) },
	[STAGE_LOGIN] = { "login", SM_TO(STAGE_RIGHTS) | SM_TO(STAGE_DOWN) },
	[STAGE_RIGHTS] = { "rights", SM_TO(STAGE_EVENTS) | SM_TO(STAGE_DOWN) },
	[STAGE_EVENTS] = { "events", SM_TO(STAGE_UP) | SM_TO(STAGE_DOWN) },
	[STAGE_UP] = { "up", SM_TO(STAGE_DOWN) },
};

/* Asterisk matches these against the event as it would be sent; lists are not filtered. */
static const char filter[] = "Event: (ExtensionStatus|DeviceStateChange|PresenceStateChange|"
			     "PresenceStatus|FullyBooted|Shutdown|Reload)";

void session_opened(struct ami *m)
{
	sm_move(moves, &m->stage, STAGE_BANNER);
	ami_stream_reset(&m->stream);
}

/* The link has gone: nothing that was told since it came up stands any more. */
void session_lost(struct ami *m)
{
	sm_move(moves, &m->stage, STAGE_DOWN);
	m->pending_n = 0;
	m->events = 0;
	m->rounds = 0;
	m->sync = SYNC_NONE;
	m->sync_again = m->lists_refused = false;
	m->probe_wanted = m->probing = false;
	m->rights = (struct rights){ 0 };
	m->rights_ms = m->sync_ms = TIME_NEVER;
	for (uint32_t i = 0; i < m->things_n; i++)
		m->things[i].known = false;
	for (uint32_t s = line_table_next(&m->table, 0); s != LINE_NONE;
	     s = line_table_next(&m->table, s + 1)) {
		struct extension *l = &m->lines[s];

		l->reported = l->wanted = l->moved = false;
		write_forget(m, s);
	}
	m->writes = m->writes_last = NONE;
}

void session_drop(struct ami *m, enum note n, const char *why, int64_t wait_ms)
{
	if (!uplink_open(&m->link) && m->link.state != UPLINK_CONNECTING)
		return;
	uplink_drop(&m->link, m->now_ms, n, why, wait_ms);
	session_lost(m);
}

static void ask(struct ami *m, const char *name, enum ask what, const char *key, const char *value)
{
	struct ami_action a;

	action_begin(m, &a, name);
	if (key)
		ami_put(&a, key, slice_str(value));
	CHECK(action_send(m, &a, what, NONE));
}

static void ask_rights(struct ami *m)
{
	m->rights_ms = TIME_NEVER;
	ask(m, "ListCommands", ASK_RIGHTS, NULL, NULL);
}

const char *session_stranger(const struct ami *m, char *ret, size_t cap)
{
	snprintf(ret, cap, "what answers at %.46s port %u is not asterisk's ami: it sent no banner",
		 m->link.peer.host, m->link.peer.port);
	return ret;
}

bool session_banner(struct ami *m)
{
	struct slice banner;
	char why[STRANGER_MAX];
	enum err e = ami_stream_banner(&m->stream, &banner);

	if (e == ERR_AGAIN)
		return false;
	if (e) {
		outbox_count(&m->out, NOTE_MALFORMED);
		session_drop(m, NOTE_DISCONNECTED, session_stranger(m, why, sizeof(why)), 0);
		return false;
	}
	sm_move(moves, &m->stage, STAGE_CHALLENGE);
	ask(m, "Challenge", ASK_CHALLENGE, "AuthType", "MD5");
	return true;
}

static void log_in(struct ami *m, struct slice challenge)
{
	struct slice secret = secret_expose(&m->password);
	char key[AMI_KEY_HEX];
	struct ami_action a;
	bool ok = true;

	action_begin(m, &a, "Login");
	ami_put(&a, "Username", slice_str(m->username));
	if (challenge.n) {
		ok = ami_login_key(challenge, secret, key) == ERR_OK;
		ami_put(&a, "AuthType", SLICE_LIT("MD5"));
		ami_put(&a, "Key", ok ? slice_str(key) : SLICE_NONE);
	} else {
		ami_put(&a, "Secret", secret);
	}
	ami_put(&a, "Events", SLICE_LIT("off"));
	sm_move(moves, &m->stage, STAGE_LOGIN);
	if (!ok || !action_send(m, &a, ASK_LOGIN, NONE))
		session_drop(m, NOTE_LOGIN_REFUSED, "username or password cannot be sent", LOGIN_SLOW_MS);
	if (m->scratch.p)
		explicit_bzero(m->scratch.p, m->scratch.n);
	buf_reset(&m->scratch);
}

/* "Asterisk is shutting down": the words of an Asterisk that ends in good order, which takes seconds. That is
 * no verdict on the account or its ways to sign in, and the next one is there soon. */
static bool is_ending(struct slice text)
{
	return slice_find_str(text, SLICE_LIT("shutting down")) < text.n;
}

/* The password itself goes out only where nobody can read along. */
static void challenged(struct ami *m, const struct ami_packet *k)
{
	struct slice challenge = ami_get(k, "Challenge");

	if (slice_is_nocase(k->name, "Success") && challenge.n)
		log_in(m, challenge);
	else if (is_ending(ami_get(k, "Message")))
		session_drop(m, NOTE_DISCONNECTED, "the pbx shuts down", 0);
	else if (m->tls)
		log_in(m, SLICE_NONE);
	else
		session_drop(m, NOTE_LOGIN_REFUSED,
			     "the pbx offers no md5 challenge; without tls the password is not sent",
			     LOGIN_SLOW_MS);
}

static void logged_in(struct ami *m, const struct ami_packet *k)
{
	char why[48];
	struct slice text = ami_get(k, "Message");

	if (slice_is_nocase(k->name, "Success")) {
		sm_move(moves, &m->stage, STAGE_RIGHTS);
		ask_rights(m);
		return;
	}
	if (slice_copy(slice_sub(text, 0, sizeof(why) - 1), why, sizeof(why)) || !why[0])
		memcpy(why, "refused", sizeof("refused"));
	if (is_ending(text)) {
		session_drop(m, NOTE_DISCONNECTED, why, 0);
		return;
	}
	outbox_note(&m->out, NOTE_LOGIN_REFUSED, ID_NONE, "%s; check username and password_file", why);
	session_drop(m, NOTE_DISCONNECTED, why, LOGIN_SLOW_MS);
}

/* The PBX lists the actions that this account may use. A PBX that lists nothing is believed able. */
static void read_rights(struct ami *m, const struct ami_packet *k)
{
	bool told = slice_is_nocase(k->name, "Success") && k->n > 4;

	m->rights = (struct rights){
		.blind = m->rights.blind,
		.lists = !told || ami_has(k, "ExtensionStateList"),
		.devices = !told || ami_has(k, "DeviceStateList"),
		.presences = !told || ami_has(k, "PresenceStateList"),
		.setvar = !told || ami_has(k, "Setvar"),
		.db = !told || ami_has(k, "DBPut"),
		.filter = told && ami_has(k, "Filter"),
	};
	m->lacks_devices &= !m->rights.devices;
	m->lacks_presences &= !m->rights.presences;
}

/* Asterisk takes log-ins before it has loaded its modules. What lists devices' and users' states it loads
 * last (AST_MODPRI_DEVSTATE_CONSUMER), after dialplan, hints and states: until these two actions are there
 * nothing it says stands, and what is written it refuses. They need the same right as the list of hints. */
static bool still_starts(struct ami *m)
{
	bool less = (!m->rights.devices && !m->lacks_devices) ||
		    (!m->rights.presences && !m->lacks_presences);

	if (!m->rights.lists || !less)
		return false;
	if (m->now_ms < m->link.up_ms + BOOT_MS)
		return true;
	m->lacks_devices = !m->rights.devices; /* as if for good: the next log-in does not wait */
	m->lacks_presences = !m->rights.presences;
	return false;
}

static void take_rights(struct ami *m, const struct ami_packet *k)
{
	read_rights(m, k);
	if (still_starts(m)) {
		m->rights_ms = m->now_ms + BOOT_STEP_MS;
		return;
	}
	sm_move(moves, &m->stage, STAGE_EVENTS);
	if (m->rights.filter) {
		struct ami_action a;

		action_begin(m, &a, "Filter");
		ami_put(&a, "Operation", SLICE_LIT("Add"));
		ami_put(&a, "Filter", slice_str(filter));
		CHECK(action_send(m, &a, ASK_FILTER, NONE));
	}
	ask(m, "Events", ASK_EVENTS, "EventMask", "call,system");
}

static void go_up(struct ami *m, const struct ami_packet *k)
{
	char missing[128];

	if (!slice_is_nocase(k->name, "Success")) {
		session_drop(m, NOTE_DISCONNECTED, "the pbx refuses to send events", LOGIN_SLOW_MS);
		return;
	}
	sm_move(moves, &m->stage, STAGE_UP);
	uplink_ready(&m->link, m->now_ms);
	view_missing(m, missing, sizeof(missing));
	if (missing[0])
		outbox_note(&m->out, NOTE_RIGHTS_MISSING, ID_NONE, "%s", missing);
	if (m->lacks_devices || m->lacks_presences)
		m->rights_ms = m->now_ms + LACKS_MS;
	sync_start(m);
	write_pump(m);
	lamp_anew(m);
}

/* A module was loaded after all. */
static void rights_again(struct ami *m, const struct ami_packet *k)
{
	struct rights was = m->rights;

	read_rights(m, k);
	if (m->lacks_devices || m->lacks_presences)
		m->rights_ms = m->now_ms + LACKS_MS;
	if (was.devices != m->rights.devices || was.presences != m->rights.presences)
		sync_want(m, 0);
}

void session_answer(struct ami *m, const struct pending *p, const struct ami_packet *k)
{
	if (p->ask == ASK_CHALLENGE && m->stage == STAGE_CHALLENGE)
		challenged(m, k);
	else if (p->ask == ASK_LOGIN && m->stage == STAGE_LOGIN)
		logged_in(m, k);
	else if (p->ask == ASK_RIGHTS && m->stage == STAGE_RIGHTS)
		take_rights(m, k);
	else if (p->ask == ASK_RIGHTS && m->stage == STAGE_UP)
		rights_again(m, k);
	else if (p->ask == ASK_EVENTS && m->stage == STAGE_EVENTS)
		go_up(m, k);
}

void session_probe(struct ami *m)
{
	if (m->stage == STAGE_UP && action_room(m))
		ask(m, "Ping", ASK_PING, NULL, NULL);
}

static int64_t ping_due(const struct ami *m)
{
	return m->stage == STAGE_UP && m->pending_n == 0 ? m->link.heard_ms + IDLE_MS : TIME_NEVER;
}

static int64_t login_due(const struct ami *m)
{
	int64_t due = m->link.up_ms + LOGIN_MS + (m->stage >= STAGE_RIGHTS ? BOOT_MS : 0);

	return m->stage > STAGE_DOWN && m->stage < STAGE_UP ? due : TIME_NEVER;
}

void session_tick(struct ami *m)
{
	char why[STRANGER_MAX];

	if (m->stage == STAGE_DOWN)
		return;
	if (m->now_ms >= login_due(m) && m->stage == STAGE_BANNER)
		session_drop(m, NOTE_TIMED_OUT, session_stranger(m, why, sizeof(why)), 0);
	else if (m->now_ms >= login_due(m))
		session_drop(m, NOTE_TIMED_OUT, "the log-in was not answered", 0);
	else if (m->now_ms >= action_deadline(m))
		session_drop(m, NOTE_TIMED_OUT, "the pbx stopped answering", 0);
	else if (m->now_ms >= ping_due(m))
		ask(m, "Ping", ASK_PING, NULL, NULL);
	else if (m->now_ms >= m->rights_ms && action_room(m))
		ask_rights(m);
}

int64_t session_next(const struct ami *m)
{
	int64_t due[] = { login_due(m), action_deadline(m), ping_due(m),
			  action_room(m) ? m->rights_ms : TIME_NEVER };
	int64_t next = TIME_NEVER;

	for (size_t i = 0; m->stage != STAGE_DOWN && i < ARRAY_LEN(due); i++)
		next = due[i] < next ? due[i] : next;
	return next;
}
