/* world_daemon.c - the daemon of the simulator: the real bridge, with a store that forgets what was not
 * yet committed when it dies. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "proto/conf/conf.h"
#include "source/source.h"
#include "world_parts.h"

enum { COMMIT_MS = 80, READ_BACK_MS = 5000, TURNS_MAX = 100000 };

static const char tenant[] = "11111111-2222-3333-4444-555555555555";
static const char client_id[] = "99999999-8888-7777-6666-555555555555";

/* What has no place in source_config. The word is the profile that is lent. */
static struct conf_connector settings_of(const struct world *w, uint32_t connector, const char **word,
					 const char **lamp)
{
	const struct peer_ops *ops = connector == TOLD ? NULL : world_peers[connector];

	*word = profile_name((enum profile)w->config.policy.lend);
	*lamp = PEER_LAMP;
	return (struct conf_connector){
		.login_element = "SessionLoginInfo", .login_namespace = "", .profile_at = "", .context = "",
		.dnd_while = { .list = word, .n = w->config.dnd_while && ops && ops->takes_dnd ? 1 : 0 },
		.lamps = w->config.lamps && ops && ops->lamp,
		.lamp_at = { .list = lamp, .n = 1 },
	};
}

static enum err add_connectors(struct world *w, uint16_t account)
{
	const char *const lists[] = { "sip:lines@10.0.1.1:5060" };
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < CONNECTORS && !e; i++) {
		const char *type = i == TOLD ? "told" : world_peers[i]->connector;
		bool sip = strcmp(type, "sip") == 0, profile = i != TOLD && world_peers[i]->profile;
		char name[16], host[24], server[64];
		const char *word, *lamp;
		const struct conf_connector settings = settings_of(w, i, &word, &lamp);

		snprintf(name, sizeof(name), i == TOLD ? "told" : "pbx%u", i);
		net_host(i, host, sizeof(host));
		if (sip)
			snprintf(server, sizeof(server), "sip:%s:5060;transport=%s", host,
				 w->config.udp ? "udp" : "tcp");
		else
			snprintf(server, sizeof(server), "%s:%u", host,
				 i == TOLD ? 0 : world_peers[i]->port);
		struct source_config c = { .name = name,
					   .server = server,
					   .username = "offhook",
					   .password = &w->secret,
					   .token = &w->secret,
					   .package = "dialog",
					   .lists = lists,
					   .lists_n = w->config.lists && i == 0 ? 1 : 0,
					   .listen = "",
					   .reads_profile = profile,
					   .writes_profile = profile,
					   .settings = profile ? &settings : NULL,
					   .lines_max = WORLD_LINES_MAX,
					   .seed = prng_u64(&w->prng) };
		const struct source_ops *ops = i == TOLD ? &told_source_ops : source_find(type);

		e = ops ? bridge_add_connector(w->bridge, world_time(w), account, slice_str(name), ops, &c,
					       &w->connector_id[i])
			: ERR_NOT_FOUND;
	}
	w->told = told_last();
	return e;
}

static enum err add_people(struct world *w, uint16_t account)
{
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < w->users_n && !e; i++) {
		const struct bridge_user u = { .email = slice_str(w->users[i].email), .teams_id = w->ids[i],
					       .enabled = true };

		e = bridge_add_user(w->bridge, world_time(w), account, &u, &w->users[i].id);
	}
	for (uint32_t i = 0; i < w->lines_n && !e; i++) {
		struct line_truth *l = &w->lines[i];
		char number[16];

		snprintf(number, sizeof(number), "%u",
			 l->connector == TOLD ? 900 + i : PEER_FIRST + l->phone);
		e = bridge_add_line(w->bridge, world_time(w), w->connector_id[l->connector],
				    slice_str(number), w->users[l->user].id, &l->id);
		l->refused_ms = TIME_NEVER;
		if (l->connector == TOLD)
			told_dnd(w->told, l->id, l->dnd);
	}
	return e;
}

static void restore(struct world *w)
{
	for (uint32_t i = 0; i < w->users_n; i++) {
		if (!w->user_saved[i].has)
			continue;
		w->user_saved[i].user.user = w->users[i].id;
		bridge_restore_user(w->bridge, world_time(w), &w->user_saved[i].user);
	}
	for (uint32_t i = 0; i < w->lines_n; i++) {
		if (!w->line_saved[i].has)
			continue;
		w->line_saved[i].line.line = w->lines[i].id;
		bridge_restore_line(w->bridge, world_time(w), &w->line_saved[i].line);
	}
}

enum err daemon_start(struct world *w)
{
	const struct bridge_limits limits = { .accounts = 2,
					      .connectors = CONNECTORS,
					      .users = WORLD_USERS_MAX,
					      .lines = WORLD_LINES_MAX,
					      .realms = 1,
					      .seed = prng_u64(&w->prng) };
	const struct graph_config gc = { .tenant = tenant,
					 .client_id = client_id,
					 .credential.secret = &w->secret,
					 .login_url = "https://login.sim.example",
					 .graph_url = "https://graph.sim.example",
					 .quota = w->config.quota,
					 .window_ms = w->config.window_ms,
					 .read_back_ms = w->config.lamps ? READ_BACK_MS : 0,
					 .users_max = WORLD_USERS_MAX,
					 .seed = prng_u64(&w->prng) };
	uint16_t account = 0;
	uint32_t realm;
	enum err e = bridge_new(&w->bridge, &limits, world_time(w));

	if (!e)
		e = bridge_add_realm(w->bridge, world_time(w), &gc, &realm);
	if (!e)
		e = bridge_add_account(w->bridge, world_time(w), SLICE_LIT("sim"), realm, &w->config.policy,
				       &account);
	if (!e)
		e = add_connectors(w, account);
	if (!e)
		e = add_people(w, account);
	if (e)
		return e;
	restore(w);
	w->life++;
	w->started_ms = w->now_ms;
	w->restart_ms = TIME_NEVER;
	w->sent_in_life = 0;
	check_started(w);
	world_step_note(w, "daemon starts");
	daemon_drain(w);
	return ERR_OK;
}

static uint32_t user_index(const struct world *w, uint32_t id)
{
	for (uint32_t i = 0; i < w->users_n; i++)
		if (w->users[i].id == id)
			return i;
	CHECK(false);
	return 0;
}

static uint32_t line_index(const struct world *w, uint32_t id)
{
	for (uint32_t i = 0; i < w->lines_n; i++)
		if (w->lines[i].id == id)
			return i;
	CHECK(false);
	return 0;
}

static void put(struct world *w, const struct action *a)
{
	struct saved *s = a->kind == ACT_SAVE_USER ? &w->user_waits[user_index(w, a->user_record.user)]
						   : &w->line_waits[line_index(w, a->line_record.line)];

	s->has = true;
	if (a->kind == ACT_SAVE_USER)
		s->user = a->user_record;
	else
		s->line = a->line_record;
	if (w->commit_ms == TIME_NEVER)
		w->commit_ms = w->now_ms + COMMIT_MS;
}

void daemon_commit(struct world *w)
{
	for (uint32_t i = 0; i < w->users_n; i++) {
		if (w->user_waits[i].has)
			w->user_saved[i] = w->user_waits[i];
		w->user_waits[i].has = false;
	}
	for (uint32_t i = 0; i < w->lines_n; i++) {
		if (w->line_waits[i].has)
			w->line_saved[i] = w->line_waits[i];
		w->line_waits[i].has = false;
	}
	w->commit_ms = TIME_NEVER;
}

static void take(struct world *w, const struct bridge_out *out)
{
	switch ((enum bridge_out_kind)out->kind) {
	case BRIDGE_SOURCE:
		net_daemon_out(w, out->connector, &out->source);
		break;
	case BRIDGE_NOTE:
		world_step_note(w, "note %s %s", note_name((enum note)out->source.note), out->source.text);
		break;
	case BRIDGE_KEEP: /* no PBX here is PUBLISHed to */
		break;
	case BRIDGE_ANSWER:
		net_answer(w, out->connector, out->source.channel, out->source.status);
		break;
	case BRIDGE_GRAPH:
		if (out->graph.kind == GRAPH_HTTP)
			net_request(w, &out->graph.request);
		else if (out->graph.kind == GRAPH_NOTE)
			world_step_note(w, "graph %s %s", graph_note_name((enum graph_note)out->graph.note),
					out->graph.text);
		break;
	case BRIDGE_FOUND:
		if (out->graph.found)
			memcpy(w->ids[user_index(w, out->graph.user)], out->graph.id, IDS);
		break;
	case BRIDGE_MATCH: /* nothing is matched by rules here */
		break;
	case BRIDGE_ACTION:
		if (out->action.kind == ACT_LAMP)
			lamp_told(w, user_index(w, out->action.user), (enum lamp)out->action.lamp);
		if (out->action.kind == ACT_SAVE_USER || out->action.kind == ACT_SAVE_LINE)
			put(w, &out->action);
		break;
	}
}

void daemon_drain(struct world *w)
{
	static struct bridge_out out; /* large */
	int n = 0;

	while (bridge_drain(w->bridge, world_time(w), &out)) {
		take(w, &out);
		if (++n > TURNS_MAX) {
			world_object(w, "the bridge never stops talking");
			return;
		}
	}
}

/* What was not committed is lost; without state everything is. What a person had set counts as what the
 * store remembers of it. */
void daemon_crash(struct world *w, bool keep_state)
{
	static const enum oracle_app apps[] = {
		[PROFILE_AVAILABLE] = ORACLE_APP_AVAILABLE, [PROFILE_AWAY] = ORACLE_APP_AWAY,
		[PROFILE_BUSY] = ORACLE_APP_BUSY, [PROFILE_NOT_AVAILABLE] = ORACLE_APP_NOT_AVAILABLE,
		[PROFILE_MEETING] = ORACLE_APP_MEETING,
	};

	world_step_note(w, "daemon dies, %s its state", keep_state ? "with" : "without");
	bridge_free(w->bridge);
	w->bridge = NULL;
	w->told = NULL;
	w->life++;
	w->counts.crashes++;
	w->commit_ms = TIME_NEVER;
	net_daemon_died(w);
	for (uint32_t i = 0; i < PEERS; i++)
		check_link_lost(w, i);
	memset(w->user_waits, 0, sizeof(w->user_waits));
	memset(w->line_waits, 0, sizeof(w->line_waits));
	if (!keep_state) {
		memset(w->user_saved, 0, sizeof(w->user_saved));
		memset(w->line_saved, 0, sizeof(w->line_saved));
		memset(w->ids, 0, sizeof(w->ids));
		lamp_orphan(w);
	}
	lend_orphan(w, keep_state);
	for (uint32_t i = 0; i < w->users_n; i++) {
		const struct saved *s = &w->user_saved[i];

		w->users[i].app = s->has ? apps[s->user.profile] : ORACLE_APP_AVAILABLE;
		w->users[i].app_until_wall_ms = s->has ? s->user.profile_until_wall_ms : TIME_NEVER;
	}
}
