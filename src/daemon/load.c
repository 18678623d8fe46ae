/* load.c - the configuration: the file, and what was made in the console, at start and at every reload. */
#include <stdio.h>

#include "admin/admin.h"
#include "daemon/app_own.h"
#include "daemon/apply.h"
#include "daemon/captures.h"
#include "daemon/clouds.h"
#include "daemon/config.h"
#include "daemon/documents.h"
#include "daemon/herald.h"
#include "daemon/keeper.h"
#include "daemon/lamps.h"
#include "daemon/log.h"
#include "daemon/pem_pair.h"
#include "daemon/service.h"
#include "daemon/webhooks.h"
#include "io/loop.h"
#include "store/store.h"

static void say_errors(const struct conf_errors *errs, struct buf *said)
{
	char text[800];

	for (uint32_t i = 0; i < errs->n; i++) {
		conf_error_text(&errs->list[i], text, sizeof(text));
		buf_fmt(said, "%s\n", text);
	}
}

/* A listener that cannot be had must not undo a reload: the one of before stays. */
static void apply_webhooks(struct app *a, struct buf *said)
{
	char why[300] = "";
	enum err e = webhooks_apply(a->webhooks, &a->conf->server, why, sizeof(why));

	if (e)
		buf_fmt(said, "webhooks: %s\n", why[0] ? why : err_name(e));
}

enum err load_lamps(struct app *a, struct buf *said)
{
	char why[400] = "";
	enum err e = lamp_server_apply(a->lamps, &a->conf->lamps, why, sizeof(why));

	if (e)
		buf_fmt(said, "lamps: %s\n", why[0] ? why : err_name(e));
	return e;
}

int load_log_level(uint8_t log)
{
	static const int levels[] = { [CONF_LOG_DEBUG] = 7, [CONF_LOG_INFO] = 6, [CONF_LOG_NOTICE] = 5,
				      [CONF_LOG_WARNING] = 4, [CONF_LOG_ERROR] = 3 };

	return levels[log];
}

/* A renewed certificate of the console is shown from now on; sessions of browsers stay. */
static void renew_certificate(struct app *a, struct buf *said)
{
	const uint64_t now = fixed_certificate(&a->conf->server);
	struct pem_pair p;
	char why[300] = "";

	if (!a->fixed.tls || !a->conf->server.tls.certificate_file[0] || now == a->certificate)
		return;
	if (pem_pair_read("server.tls", &a->conf->server.tls, &p, why, sizeof(why))) {
		buf_fmt(said, "%s; the certificate of before stays\n", why);
	} else {
		admin_set_certificate(a->admin, p.certificate, p.key);
		a->certificate = now;
		buf_fmt(said, "server.tls: the new certificate is shown from now on\n");
	}
	pem_pair_fini(&p);
}

static enum err take_conf(struct app *a, struct conf *fresh, struct buf *said)
{
	enum err e = apply_conf(a->apply, app_now(a), fresh, said);

	if (e) {
		buf_fmt(said, "the new configuration does not fit: raise server.capacity and restart\n");
		conf_free(fresh);
		return e;
	}
	/* what `offhook log-level` has set stays while the file says the same */
	if (fresh->server.log != a->conf->server.log)
		log_set_level(a->log, load_log_level(fresh->server.log));
	fixed_say(&a->fixed, &fresh->server, said);
	conf_free(a->conf);
	a->conf = fresh;
	keeper_put_accounts(a->keeper);
	renew_certificate(a, said);
	admin_set_open_read(a->admin, fresh->server.open_read);
	a->retention = (struct retention){ 0 };
	if (herald_set(a->herald, &fresh->server.alarms))
		buf_fmt(said, "alarms: no memory for their addresses\n");
	clouds_renew(a->clouds);
	captures_reloaded(a->captures, app_now(a));
	apply_webhooks(a, said);
	(void)load_lamps(a, said); /* said; who may watch stays as it was */
	return ERR_OK;
}

static enum err load_with(const struct app *a, struct documents *d, struct conf **ret,
			  struct conf_errors *errs)
{
	uint32_t n;
	const struct conf_document *list = documents_list(d, &n);

	return list ? conf_load_with(a->path, list, n, ret, errs) : ERR_NO_MEMORY;
}

/* What was made in the console and is good no more must not take the rest along. */
static enum err load_what_is_good(const struct app *a, struct conf **ret, struct conf_errors *errs,
				  struct buf *said)
{
	enum err e = load_with(a, a->documents, ret, errs);

	say_errors(errs, said);
	while (e == ERR_MALFORMED && documents_leave_out(a->documents, errs)) {
		e = load_with(a, a->documents, ret, errs);
		say_errors(errs, said);
	}
	return e;
}

static enum err reload(struct app *a, struct buf *said)
{
	static struct conf_errors errs;
	struct conf *fresh = NULL;
	enum err e = load_what_is_good(a, &fresh, &errs, said);

	return e ? e : take_conf(a, fresh, said);
}

enum err app_take_documents(struct app *a, struct documents *draft, struct conf_errors *errs,
			    struct buf *said)
{
	struct conf *fresh = NULL;
	enum err e = load_with(a, draft, &fresh, errs);

	if (!e)
		e = take_conf(a, fresh, said);
	if (e)
		return e;
	documents_free(a->documents);
	a->documents = draft;
	return ERR_OK;
}

void load_log(struct app *a, int priority, const char *code, struct slice said)
{
	struct slice line;

	while (slice_split(&said, '\n', &line))
		if (line.n)
			log_put(a->log, loop_mono_ms(a->loop), priority, code, "%.*s", SLICE_ARG(line));
}

enum err app_reload(struct app *a, struct buf *said)
{
	service_reloading(loop_mono_ms(a->loop));
	enum err e = reload(a, said);

	a->reloads++;
	a->reloads_failed += e != ERR_OK;
	a->reload_refused = e != ERR_OK;
	load_log(a, e ? 3 : 5, "reload", buf_view(said));
	log_put(a->log, loop_mono_ms(a->loop), e ? 3 : 5, "reload", "%s: %s", a->path,
		e ? "not taken; the old configuration stays" : "reloaded");
	service_ready();
	return e;
}

/* ---- at start ---- */

struct taking {
	struct documents *documents;
	enum err err;
};

static void take_record(void *arg, struct slice kind, struct slice key, struct slice value)
{
	struct taking *x = arg;

	if (!x->err)
		x->err = documents_take(x->documents, kind, key, value);
}

enum err load_store(struct app *a)
{
	static const struct store_load_ops ops = { .record = take_record };
	static struct conf_errors errs;
	const struct store_options o = { .dir = a->conf->server.data };
	char why[STORE_WHY_MAX] = "";
	struct conf *fresh = NULL;
	struct buf said;
	uint32_t n;
	enum err e = store_open(&a->store, &o, why);

	if (!e)
		e = documents_new(&a->documents);
	struct taking x = { a->documents, ERR_OK };
	if (!e)
		e = store_load(a->store, &ops, &x, why);
	if (!e)
		e = x.err;
	if (e) {
		log_put(a->log, 0, 3, "start", "%s", why[0] ? why : err_name(e));
		return e;
	}
	if (store_was_restored(a->store))
		log_put(a->log, 0, 5, "start",
			"the store is now the backup that was given; the former one is "
			"offhook.db.before-restore in the data folder");
	if (documents_list(a->documents, &n) && n == 0)
		return ERR_OK;
	buf_init(&said, SAID_MAX);
	e = load_what_is_good(a, &fresh, &errs, &said);
	load_log(a, 4, "start", buf_view(&said));
	buf_fini(&said);
	if (!e) {
		conf_free(a->conf);
		a->conf = fresh;
	}
	return e;
}
