/* api_certificate.c - a certificate for an account's app registration: made, looked at, taken into use or
 * forgotten. Making a key takes a second, so a thread of its own does it, one at a time; the loop thread then
 * gets it as any other change. */
#include <stdlib.h>

#include "admin/certificate.h"
#include "admin/impl.h"

struct making {
	struct admin *admin;
	struct admin_command cmd;
	json_t *settings; /* of an account that is still to be made, or NULL */
};

static void fail(struct making *m, const char *detail)
{
	admin_refuse(m->admin, m->cmd.id, 500, "no certificate could be made", detail);
	admin_command_fini(&m->cmd);
}

/* As the loop thread takes it. */
static char *document_of(struct making *m, const struct certificate *c)
{
	struct slice key = secret_expose(&c->key);
	json_t *doc = json_pack("{s:s,s:s%,s:O?}", "certificate", c->pem, "key", key.p, key.n, "settings",
				m->settings);
	char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;
	json_decref(doc);
	return text;
}

static void hand_over(struct making *m, const struct certificate *c)
{
	m->cmd.text = document_of(m, c);
	m->cmd.text_n = m->cmd.text ? strlen(m->cmd.text) : 0;
	if (!m->cmd.text)
		fail(m, "out of memory: try again");
	else if (commands_give_reserved(m->admin->commands, &m->cmd))
		fail(m, "too many changes wait already: try again");
	else
		m->admin->c.wake(m->admin->c.arg);
}

static void *make(void *arg)
{
	struct making *m = arg;
	struct certificate c;
	char name[sizeof(m->cmd.account_name) + 16];

	snprintf(name, sizeof(name), "Offhook %.50s", m->cmd.account_name);
	enum err e = certificate_make(&c, name, m->admin->c.wall_ms());
	/* before the answer: whoever has it may ask for the next; certificate_wait joins what is left */
	atomic_store(&m->admin->making, false);
	if (!e) {
		hand_over(m, &c);
		certificate_fini(&c);
	} else {
		fail(m, "OpenSSL refuses: see whether the machine has random bytes");
	}
	json_decref(m->settings);
	free(m);
	return NULL;
}

void certificate_wait(struct admin *a)
{
	if (a->has_maker)
		pthread_join(a->maker, NULL);
	a->has_maker = false;
}

static void start(struct request *r, struct making *m)
{
	struct admin *a = r->admin;

	certificate_wait(a); /* it has ended, or nearly so */
	m->cmd.id = commands_reserve(a->commands);
	atomic_store(&a->making, true);
	if (pthread_create(&a->maker, NULL, make, m)) {
		atomic_store(&a->making, false);
		json_decref(m->settings);
		free(m);
		respond_problem(r, 503, "busy", "no thread to be had; try again");
		return;
	}
	a->has_maker = true;
	request_wait(r, ADMIN_CERTIFICATE, m->cmd.id);
}

void api_certificate(struct request *r)
{
	static const char *const keys[] = {"settings", NULL};
	json_t *doc = request_body(r), *settings = json_object_get(doc, "settings");
	struct making *m = NULL;

	if (!doc || !request_only_keys(r, doc, keys)) {
		json_decref(doc);
		return;
	}
	if (settings && !json_is_object(settings))
		respond_problem(r, 400, "bad request",
				"settings is an object: the account's, without a secret");
	else if (atomic_load(&r->admin->making))
		respond_problem(r, 503, "busy", "another certificate is being made; try again");
	else if (!(m = calloc(1, sizeof(*m))))
		respond_problem(r, 503, "no memory", "try again");
	else if (slice_copy(slice_str(r->match.params[0]), m->cmd.account_name,
			    sizeof(m->cmd.account_name)))
		respond_problem(r, 404, "not found", "names have at most 64 letters");
	if (r->status) {
		free(m);
	} else {
		m->admin = r->admin;
		m->cmd.kind = ADMIN_CERTIFICATE;
		m->cmd.owns_all = caller_may(r, NULL, ROLE_OWNER);
		m->settings = json_incref(settings);
		start(r, m);
	}
	json_decref(doc);
}

/* Only true: what the account signed in with before is not kept, so that there is no way back. */
static bool says_use(struct request *r)
{
	static const char *const keys[] = {"use", NULL};
	json_t *doc = request_body(r);
	bool use = json_is_true(json_object_get(doc, "use"));

	if (doc && request_only_keys(r, doc, keys) && !use)
		respond_problem(r, 400, "bad request", "{\"use\": true} takes the certificate into use");
	json_decref(doc);
	return use && !r->status;
}

void api_certificate_waiting(struct request *r)
{
	struct admin_command cmd = {.kind = ADMIN_CERTIFICATE, .verb = ADMIN_CERTIFICATE_SHOW};

	if (!request_account(r, &cmd))
		return;
	if (r->match.route == ROUTE_CERTIFICATE_USE)
		cmd.verb = ADMIN_CERTIFICATE_USE;
	else if (r->match.route == ROUTE_CERTIFICATE_DROP)
		cmd.verb = ADMIN_CERTIFICATE_DROP;
	if (cmd.verb != ADMIN_CERTIFICATE_USE || says_use(r))
		request_command(r, &cmd);
}
