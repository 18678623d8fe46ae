/* The control API: what an app registration signs in with. doc/teamsim.md. */
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
