/* The control API: what an app registration signs in with. doc/teamsim.md. */
#include <stdlib.h>

#include "cloud_control.h"

/* NULL: answered already. */
static struct cloud_app *app_of(struct control *q)
{
	for (size_t i = 0; i < q->c->apps_n; i++)
		if (slice_is_nocase(q->name, q->c->apps[i].id))
			return &q->c->apps[i];
	control_refuse(q, 404, "no such app");
	return NULL;
}

void control_certificates(struct control *q)
{
	const struct cloud_app *app = app_of(q);

	if (app)
		q->out = json_pack("{s:o}", "certificates", cloud_keys_json(app->keys));
}

void control_add_certificate(struct control *q)
{
	struct cloud_app *app = app_of(q);
	enum err e;

	if (!app)
		return;
	e = cloud_keys_add(&app->keys, slice_str(json_string_value(json_object_get(q->in, "certificate"))));
	if (e)
		control_refuse(q, 400, "certificate, in PEM, with an RSA key of 2048 bits or more: %s",
			       err_name(e));
	else
		control_certificates(q);
}

void control_drop_certificates(struct control *q)
{
	struct cloud_app *app = app_of(q);

	if (!app)
		return;
	cloud_keys_free(app->keys);
	app->keys = NULL;
	q->out = json_object();
}

void control_secret(struct control *q)
{
	struct cloud_app *app = app_of(q);
	struct slice text = slice_str(json_string_value(json_object_get(q->in, "client_secret")));

	if (!app)
		return;
	if (text.n && secret_set(&app->secret, text) != ERR_OK) {
		control_refuse(q, 400, "client_secret is too long");
		return;
	}
	app->secret_expired = json_is_true(json_object_get(q->in, "expired"));
	app->disabled = json_is_true(json_object_get(q->in, "disabled"));
	q->out = json_object();
}

/* ---- another program writes the same user ---- */

static bool session_of(uint8_t availability, struct cloud_pair *ret)
{
	for (uint8_t i = 0; i < CLOUD_ACTIVITY_COUNT; i++) {
		*ret = (struct cloud_pair){ availability, i };
		if (cloud_session_pair_allowed(*ret))
			return true;
	}
	return false;
}

static struct cloud_app_session *session_make(struct cloud_user *u, const char *id)
{
	struct cloud_app_session *more = NULL;

	if (u->sessions_n < CLOUD_SESSIONS_MAX)
		more = realloc(u->sessions, (u->sessions_n + 1) * sizeof *more);
	if (!more)
		return NULL;
	u->sessions = more;
	more[u->sessions_n] = (struct cloud_app_session){ .pair = { 0 } };
	memcpy(more[u->sessions_n].id, id, sizeof more->id);
	return &more[u->sessions_n++];
}

/* What a program that signs in as `app` (default: the first one) does with its session, without asking
 * for a token: availability null clears it. */
static bool write_session(struct control *q, const char *id, struct slice availability)
{
	struct cloud_user *u = &q->c->users[q->user];
	struct cloud_app_session *s = cloud_app_session(q->c, u, id);
	struct cloud_pair pair;

	if (!cloud_availability_parse(availability, &pair.availability) ||
	    !session_of(pair.availability, &pair))
		return false;
	s = s ? s : session_make(u, id);
	if (s) {
		s->pair = pair;
		s->set_ms = q->c->now_ms;
		s->expires_ms = q->c->now_ms + 3600000;
	}
	return s != NULL;
}

void control_session(struct control *q)
{
	struct cloud_user *u = &q->c->users[q->user];
	struct slice app = slice_str(json_string_value(json_object_get(q->in, "app")));
	const json_t *v = json_object_get(q->in, "availability");
	char id[CLOUD_ID_LEN + 1];

	if (slice_copy(app.n ? app : slice_str(q->c->apps[0].id), id, sizeof id) ||
	    !cloud_is_guid(slice_str(id))) {
		control_refuse(q, 400, "app is a client id");
		return;
	}
	struct cloud_app_session *s = cloud_app_session(q->c, u, id);
	if (json_is_null(v) && s) {
		cloud_app_session_drop(u, s);
	} else if (!json_is_null(v) && !write_session(q, id, slice_str(json_string_value(v)))) {
		control_refuse(q, 400, "availability is null or one of Available, Busy, DoNotDisturb, Away");
		return;
	}
	q->out = cloud_state_json(q->c, q->user);
}
