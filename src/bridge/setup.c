/* setup.c - who is there: accounts, connectors, users, lines, and what a person sets. */
#include "bridge/own.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum err bridge_add_account(struct bridge *b, struct bridge_time t, struct slice name, uint32_t realm,
			    const struct policy *p, uint16_t *ret_account)
{
	uint16_t id;
	enum err e = directory_add_account(b->directory, name, &id);

	if (e)
		return e;
	CHECK(realm < b->limits.realms);
	b->account_realm[id] = realm;
	bridge_set_policy(b, t, id, p);
	realm_tell_load(b, t, id);
	*ret_account = id;
	return ERR_OK;
}

void bridge_set_policy(struct bridge *b, struct bridge_time t, uint16_t account, const struct policy *p)
{
	struct event ev = { .kind = EV_POLICY, .policy_set = { account, *p } };

	bridge_step(b, t, &ev);
}

static void tell_profiles(struct bridge *b, struct bridge_time t, uint32_t connector,
			  const struct source_ops *ops, const struct source_config *c)
{
	struct event ev = { .kind = EV_CONNECTOR_SET,
			    .connector_set = { .connector = connector, .reads_profile = c->reads_profile,
					       .writes_profile = c->writes_profile && ops->write_profile,
					       .can_write = ops->write_profile != NULL } };

	bridge_step(b, t, &ev);
}

enum err bridge_add_connector(struct bridge *b, struct bridge_time t, uint16_t account, struct slice name,
			      const struct source_ops *ops, struct source_config *c, uint32_t *ret_connector)
{
	uint32_t id;
	enum err e = directory_add_connector(b->directory, account, name, &id);

	if (e)
		return e;
	c->connector = id;
	c->account = account;
	struct connector_slot *slot = &b->connectors[id];
	e = ops->open(&slot->source, c, t.mono_ms);
	if (e) {
		directory_release_connector(b->directory, id);
		return e;
	}
	slot->ops = ops;
	slot->account = account;
	slot->dirty = true;
	tell_profiles(b, t, id, ops, c);
	*ret_connector = id;
	return ERR_OK;
}

enum err bridge_reopen_connector(struct bridge *b, struct bridge_time t, uint32_t connector,
				 const struct source_ops *ops, struct source_config *c)
{
	CHECK(connector < b->limits.connectors);
	struct connector_slot *slot = &b->connectors[connector];
	const struct directory *d = b->directory;

	farewell_end_all(b, connector);
	if (slot->ops)
		slot->ops->close(slot->source);
	slot->ops = NULL;
	bridge_observe(b, t, EV_CONNECTOR_DOWN, connector);
	c->connector = connector;
	c->account = slot->account;
	enum err e = ops->open(&slot->source, c, t.mono_ms);
	if (e)
		return e;
	slot->ops = ops;
	slot->dirty = true;
	tell_profiles(b, t, connector, ops, c);
	for (uint32_t l = directory_next_line(d, 0); l != ID_NONE; l = directory_next_line(d, l + 1))
		if (directory_line_connector(d, l) == connector && !e) {
			e = ops->add_line(slot->source, l, directory_number(d, l));
			if (!e && b->kept[l] && ops->restore_lamp)
				ops->restore_lamp(slot->source, l, slice_str(b->kept[l]));
			bridge_show_lamp(b, l);
		}
	return e;
}

bool bridge_remove_connector(struct bridge *b, struct bridge_time t, uint32_t connector)
{
	CHECK(connector < b->limits.connectors);
	struct connector_slot *slot = &b->connectors[connector];

	for (uint32_t line = directory_next_line(b->directory, 0), next; line != ID_NONE; line = next) {
		next = directory_next_line(b->directory, line + 1);
		if (directory_line_connector(b->directory, line) == connector)
			bridge_remove_line(b, t, line);
	}
	if (farewell_of_connector(b, connector))
		return false;
	if (slot->ops)
		slot->ops->close(slot->source);
	*slot = (struct connector_slot){ 0 };
	directory_release_connector(b->directory, connector);
	return true;
}

static void tell_user(struct bridge *b, struct bridge_time t, uint32_t user, const struct bridge_user *u)
{
	struct event ev = { .kind = EV_USER_ADD,
			    .user_add = { .user = user, .account = directory_user_account(b->directory, user),
					  .enabled = u->enabled, .has_policy = u->policy != NULL } };

	if (u->policy)
		ev.user_add.policy = *u->policy;
	bridge_step(b, t, &ev);
}

enum err bridge_change_user(struct bridge *b, struct bridge_time t, uint32_t user,
			    const struct bridge_user *u)
{
	enum err e = directory_set_label(b->directory, user, u->label);

	tell_user(b, t, user, u);
	match_renamed(b, user, u->teams_id);
	b->id_given[user] = u->teams_id && u->teams_id[0];
	if (b->id_given[user])
		bridge_set_teams_id(b, user, u->teams_id);
	return e;
}

enum err bridge_add_user(struct bridge *b, struct bridge_time t, uint16_t account,
			 const struct bridge_user *u, uint32_t *ret_user)
{
	uint32_t id;
	enum err e = directory_add_user(b->directory, account, u->email, &id);

	if (e)
		return e;
	if (u->label.n)
		e = directory_set_label(b->directory, id, u->label);
	if (e) {
		directory_release_user(b->directory, id);
		return e;
	}
	struct realm_slot *r = bridge_realm_of_user(b, id);
	if (r)
		graph_forget(r->graph, id); /* of whoever had the number before */
	tell_user(b, t, id, u);
	*ret_user = id;
	b->id_given[id] = u->teams_id && u->teams_id[0];
	bridge_set_teams_id(b, id, u->teams_id);
	match_joined(b, id, u->teams_id);
	return ERR_OK;
}

void bridge_set_teams_id(struct bridge *b, uint32_t user, const char *teams_id)
{
	struct realm_slot *r = bridge_realm_of_user(b, user);
	char email[256];

	if (!r)
		return;
	r->dirty = true;
	if (teams_id && teams_id[0])
		identity_set(b, user, teams_id);
	else if (slice_copy(directory_email(b->directory, user), email, sizeof(email)) == ERR_OK)
		graph_look_up(r->graph, user, email);
}

void bridge_enable_user(struct bridge *b, struct bridge_time t, uint32_t user, bool enabled)
{
	struct event ev = { .kind = EV_USER_ENABLE, .user_enable = { user, enabled } };

	bridge_step(b, t, &ev);
}

void bridge_remove_user(struct bridge *b, struct bridge_time t, uint32_t user)
{
	struct event ev = { .kind = EV_USER_REMOVE, .user = user };
	struct user_view v;

	while (engine_user(b->engine, user, &v) && v.first_line != ID_NONE)
		bridge_remove_line(b, t, v.first_line);
	bridge_step(b, t, &ev);
}

enum err bridge_add_line(struct bridge *b, struct bridge_time t, uint32_t connector, struct slice number,
			 uint32_t user, uint32_t *ret_line)
{
	CHECK(connector < b->limits.connectors);
	struct connector_slot *slot = &b->connectors[connector];
	uint32_t id;
	enum err e = directory_add_line(b->directory, connector, number, user, &id);

	if (e)
		return e;
	struct event ev = { .kind = EV_LINE_ADD, .line_add = { id, connector, user } };
	bridge_step(b, t, &ev);
	e = slot->ops->add_line(slot->source, id, number);
	slot->dirty = true;
	if (e) {
		struct event undo = { .kind = EV_LINE_REMOVE, .line = id };

		bridge_step(b, t, &undo);
		directory_release_line(b->directory, id);
		return e;
	}
	bridge_show_lamp(b, id);
	*ret_line = id;
	return ERR_OK;
}

void bridge_move_line(struct bridge *b, struct bridge_time t, uint32_t line, uint32_t user)
{
	struct event ev = { .kind = EV_LINE_MOVE,
			    .line_add = { line, directory_line_connector(b->directory, line), user } };

	directory_set_line_user(b->directory, line, user);
	if (farewell_cancel(b, line)) {
		ev.kind = EV_LINE_ADD;
		bridge_step(b, t, &ev);
		b->connectors[ev.line_add.connector].ops->resync_line(
			b->connectors[ev.line_add.connector].source, line);
	} else {
		bridge_step(b, t, &ev);
	}
	bridge_show_lamp(b, line);
}

void bridge_remove_line(struct bridge *b, struct bridge_time t, uint32_t line)
{
	uint32_t connector = directory_line_connector(b->directory, line);
	struct event ev = { .kind = EV_LINE_REMOVE, .line = line };

	if (connector == ID_NONE || farewell_goes_on(b, line))
		return;
	if (farewell_begin(b, t, line)) {
		bridge_step(b, t, &ev);
		return;
	}
	if (b->connectors[connector].ops) {
		b->connectors[connector].ops->remove_line(b->connectors[connector].source, line);
		b->connectors[connector].dirty = true;
	}
	bridge_step(b, t, &ev);
	bridge_keep_lamp(b, line, SLICE_NONE);
	directory_release_line(b->directory, line);
}

void bridge_set_hours(struct bridge *b, struct bridge_time t, uint16_t hours, bool open,
		      int64_t until_wall_ms)
{
	struct event ev = { .kind = EV_HOURS, .hours_set = { hours, open, until_wall_ms } };

	bridge_step(b, t, &ev);
}

void bridge_set_text(struct bridge *b, struct bridge_time t, uint32_t user, struct slice text,
		     int64_t until_wall_ms)
{
	struct realm_slot *r = bridge_realm_of_user(b, user);

	if (!r)
		return;
	graph_text(r->graph, t.mono_ms, user, text, until_wall_ms);
	r->dirty = true;
}

void bridge_restore_text(struct bridge *b, struct bridge_time t, uint32_t user, struct slice ours,
			 struct slice former, int64_t until_wall_ms)
{
	struct realm_slot *r = bridge_realm_of_user(b, user);
	struct event ev = { .kind = EV_TEXT, .text_state = { user, true } };

	if (!r)
		return;
	graph_text_restore(r->graph, user, ours, former, until_wall_ms);
	bridge_step(b, t, &ev);
}

void bridge_restore_user(struct bridge *b, struct bridge_time t, const struct user_record *r)
{
	struct event ev = { .kind = EV_RESTORE_USER, .user_record = *r };

	bridge_step(b, t, &ev);
}

void bridge_restore_line(struct bridge *b, struct bridge_time t, const struct line_record *r)
{
	struct event ev = { .kind = EV_RESTORE_LINE, .line_record = *r };

	bridge_step(b, t, &ev);
}

void bridge_restore_lamp(struct bridge *b, uint32_t line, struct slice name)
{
	struct connector_slot *slot = &b->connectors[directory_line_connector(b->directory, line)];

	struct user_view v = { .has_lamp = false };

	if (!slot->ops || !slot->ops->restore_lamp)
		return;
	bridge_keep_lamp(b, line, name);
	slot->ops->restore_lamp(slot->source, line, name);
	/* what is to be seen of somebody with a lamp is known once Teams has been read */
	if (!engine_user(b->engine, directory_line_user(b->directory, line), &v) || !v.has_lamp)
		slot->ops->show_lamp(slot->source, line, LAMP_DARK);
	slot->dirty = true;
}

void bridge_set_profile(struct bridge *b, struct bridge_time t, uint32_t user, enum profile p,
			int64_t until_wall_ms)
{
	struct event ev = { .kind = EV_OBS,
			    .obs = { .kind = OBS_PROFILE, .connector = ID_NONE, .line = ID_NONE, .user = user,
				     .account = directory_user_account(b->directory, user),
				     .profile = { (uint8_t)p, until_wall_ms } } };

	bridge_step(b, t, &ev);
}
