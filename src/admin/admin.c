#include "admin/impl.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"

_Static_assert((int)ADMIN_ONE_TIME_MAX > (int)ONE_TIME_LEN, "room for a one-time password");

static char *dup_or_null(const char *s)
{
	return s ? strdup(s) : NULL;
}

static X509 *x509_of(const char *pem)
{
	BIO *bio = pem ? BIO_new_mem_buf(pem, -1) : NULL;
	X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return x;
}

static void admin_free(struct admin *a)
{
	server_close(a);
	events_free(a->events);
	monitor_free(a->monitor);
	names_free(a->names);
	commands_free(a->commands);
	snapshot_free(a->snapshot);
	snap_copy_fini(&a->copy);
	buf_fini(&a->openapi);
	X509_free(a->x509);
	free(a->certificate);
	free(a->key);
	free(a->new_certificate);
	free(a->new_key);
	free(a->socket_path);
	free(a->url);
	auth_free(atomic_load(&a->auth));
	microsoft_free(a->microsoft);
	if (a->wake_fd >= 0)
		close(a->wake_fd);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static void defaults(struct admin_config *c)
{
	if (!c->connections_max)
		c->connections_max = CONNECTIONS_DEFAULT;
	if (!c->per_address_max)
		c->per_address_max = PER_ADDRESS_DEFAULT;
	if (!c->request_ms)
		c->request_ms = REQUEST_MS_DEFAULT;
	if (!c->command_ms)
		c->command_ms = COMMAND_MS_DEFAULT;
	if (!c->password_cost)
		c->password_cost = PASSWORD_COST;
}

static enum err make_parts(struct admin *a, char *why, size_t why_cap)
{
	enum err e;

	a->limits = (struct snapshot_limits){a->c.accounts_max, a->c.connectors_max, a->c.users_max,
					     (uint64_t)a->c.mono_ms() * 0x9e3779b97f4a7c15 ^
						 (uint64_t)getpid() << 32};
	if ((e = snapshot_new(&a->snapshot, &a->limits)) || (e = commands_new(&a->commands)) ||
	    (e = names_new(&a->names, a->snapshot, &a->limits)) ||
	    (e = events_new(&a->events, a->snapshot, a->names)) ||
	    (e = monitor_new(&a->monitor, a->snapshot))) {
		snprintf(why, why_cap, "no memory for the admin plane");
		return e;
	}
	monitor_tell(a->monitor, a->c.alarm, a->c.alarm_arg);
	a->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (a->wake_fd < 0) {
		snprintf(why, why_cap, "no eventfd");
		return ERR_IO;
	}
	a->x509 = x509_of(a->certificate);
	if (a->certificate && !a->x509) {
		snprintf(why, why_cap, "the certificate is no PEM certificate");
		return ERR_MALFORMED;
	}
	return server_open(a, why, why_cap);
}

enum err admin_start(struct admin **ret, const struct admin_config *c, char *why, size_t why_cap)
{
	struct admin *a = calloc(1, sizeof(*a));
	enum err e;

	if (!a)
		return ERR_NO_MEMORY;
	CHECK(c->mono_ms && c->wall_ms && c->wake);
	a->c = *c;
	defaults(&a->c);
	a->wake_fd = a->tcp.fd = a->sock.fd = -1;
	a->tcp.admin = a->sock.admin = a;
	a->sock.is_socket = true;
	a->url = dup_or_null(c->url);
	a->c.url = a->url ? a->url : "";
	atomic_store(&a->open_read, c->open_read);
	a->certificate = dup_or_null(c->certificate);
	a->key = dup_or_null(c->key);
	a->socket_path = dup_or_null(c->socket_path && *c->socket_path ? c->socket_path : NULL);
	pthread_mutex_init(&a->lock, NULL);
	snprintf(a->why, sizeof(a->why), "starting");
	atomic_store(&a->beat_ms, c->mono_ms());
	e = make_parts(a, why, why_cap);
	if (!e && pthread_create(&a->thread, NULL, server_thread, a)) {
		snprintf(why, why_cap, "no thread for the admin plane");
		e = ERR_IO;
	}
	if (e) {
		admin_free(a);
		return e;
	}
	a->has_thread = true;
	*ret = a;
	return ERR_OK;
}

void admin_stop(struct admin *a)
{
	if (!a)
		return;
	atomic_store(&a->stop, true);
	server_wake(a);
	pthread_join(a->thread, NULL);
	certificate_wait(a);
	admin_free(a);
}

uint16_t admin_port(const struct admin *a)
{
	return a->port;
}

void admin_set_certificate(struct admin *a, const char *certificate, const char *key)
{
	if (!certificate || !key)
		return;
	pthread_mutex_lock(&a->lock);
	free(a->new_certificate);
	free(a->new_key);
	a->new_certificate = strdup(certificate);
	a->new_key = strdup(key);
	pthread_mutex_unlock(&a->lock);
	server_wake(a);
}

enum err admin_set_store(struct admin *a, struct store *s, char first[static ADMIN_ONE_TIME_MAX], char *why)
{
	struct auth *auth;
	enum err e = auth_new(&auth, s, a->c.wall_ms(), a->c.password_cost, first, why);

	if (e)
		return e;
	atomic_store(&a->store, s);
	atomic_store(&a->auth, auth);
	server_wake(a);
	return ERR_OK;
}

void admin_set_open_read(struct admin *a, bool open_read)
{
	atomic_store(&a->open_read, open_read);
}

/* ---- what the loop thread tells ---- */

enum err admin_put_account(struct admin *a, const struct admin_account *v)
{
	return snapshot_put_account(a->snapshot, v);
}

enum err admin_put_connector(struct admin *a, const struct admin_connector *v)
{
	return snapshot_put_connector(a->snapshot, v);
}

enum err admin_put_user(struct admin *a, const struct admin_user *v)
{
	return snapshot_put_user(a->snapshot, v);
}

void admin_put_engine(struct admin *a, const struct admin_engine *v)
{
	snapshot_put_engine(a->snapshot, v);
}

void admin_remove_account(struct admin *a, uint16_t account)
{
	snapshot_remove_account(a->snapshot, account);
}

void admin_remove_connector(struct admin *a, uint32_t connector)
{
	snapshot_remove_connector(a->snapshot, connector);
}

void admin_remove_user(struct admin *a, uint32_t user)
{
	snapshot_remove_user(a->snapshot, user);
}

void admin_beat(struct admin *a)
{
	atomic_store(&a->beat_ms, a->c.mono_ms());
}

void admin_set_ready(struct admin *a, bool ready, const char *why)
{
	pthread_mutex_lock(&a->lock);
	a->ready = ready;
	snprintf(a->why, sizeof(a->why), "%s", why ? why : "");
	pthread_mutex_unlock(&a->lock);
}

bool admin_take(struct admin *a, struct admin_command *ret)
{
	return commands_take(a->commands, ret);
}

void admin_answer(struct admin *a, uint64_t command, int http_status, const char *json)
{
	admin_answer_noted(a, command, http_status, json, NULL);
}

void admin_answer_noted(struct admin *a, uint64_t command, int http_status, const char *json,
			const char *note)
{
	commands_answer(a->commands, command, http_status, false, json, note);
	server_wake(a);
}
