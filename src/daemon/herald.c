#include "daemon/herald.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "daemon/herald_message.h"
#include "io/clock.h"

enum {
	GATHER_MS = 3000,
	TRIES = 4,
	BETWEEN_TRIES_MS = 20000,
	TIMEOUT_MS = 15000,
	MESSAGE_MAX = 1 << 20,
	TO_MAX = 16
};

/* To whom; one copy is set, another is used while a message goes out. */
struct address {
	uint8_t least;
	char webhook[257], smtp[256], username[129], from[255], to[TO_MAX][255];
	uint32_t to_n;
	struct secret webhook_secret, password;
};

struct herald {
	pthread_mutex_t lock;
	pthread_cond_t woken;
	pthread_t thread;
	bool stop;
	int end_fd; /* readable when it is to end */
	struct address address;
	struct herald_item waiting[HERALD_WAITING_MAX];
	uint32_t waiting_n;
	struct herald_stats stats;
	/* the thread's own */
	struct herald_item going[HERALD_WAITING_MAX];
	uint32_t going_n;
	struct address to;
};

static void address_fini(struct address *x)
{
	secret_fini(&x->webhook_secret);
	secret_fini(&x->password);
}

static enum err address_copy(struct address *dst, const struct address *src)
{
	struct secret none = { 0 };

	address_fini(dst);
	*dst = *src;
	dst->webhook_secret = dst->password = none;
	enum err e = secret_set(&dst->webhook_secret, secret_expose(&src->webhook_secret));
	return e ? e : secret_set(&dst->password, secret_expose(&src->password));
}

static enum err address_of(struct address *x, const struct conf_alarms *c)
{
	*x = (struct address){ .least = c->least };
	snprintf(x->webhook, sizeof(x->webhook), "%s", c->webhook);
	snprintf(x->smtp, sizeof(x->smtp), "%s", c->smtp);
	snprintf(x->username, sizeof(x->username), "%s", c->smtp_username);
	snprintf(x->from, sizeof(x->from), "%s", c->mail_from);
	for (uint32_t i = 0; i < c->mail_to.n && i < TO_MAX; i++)
		snprintf(x->to[x->to_n++], sizeof(x->to[0]), "%s", c->mail_to.list[i]);
	enum err e = secret_set(&x->webhook_secret, secret_expose(&c->webhook_secret_file.value));
	return e ? e : secret_set(&x->password, secret_expose(&c->smtp_password_file.value));
}

enum err herald_set(struct herald *h, const struct conf_alarms *c)
{
	struct address fresh;
	enum err e = address_of(&fresh, c);

	pthread_mutex_lock(&h->lock);
	if (!e)
		e = address_copy(&h->address, &fresh);
	h->stats.failing = false; /* of the new ones nothing is known */
	pthread_mutex_unlock(&h->lock);
	address_fini(&fresh);
	return e;
}

static uint32_t targets(const struct address *x)
{
	return (x->webhook[0] != '\0') + (x->smtp[0] && x->to_n);
}

bool herald_test(struct herald *h, int64_t wall_ms)
{
	struct alarm test = { .kind = ALARM_TEST, .since_wall_ms = wall_ms };

	snprintf(test.detail, sizeof(test.detail), "this is a test: nothing is wrong");
	pthread_mutex_lock(&h->lock);
	bool wanted = targets(&h->address) && h->waiting_n < HERALD_WAITING_MAX;
	if (wanted)
		h->waiting[h->waiting_n++] = (struct herald_item){ test, false };
	pthread_cond_signal(&h->woken);
	pthread_mutex_unlock(&h->lock);
	return wanted;
}

void herald_tell(void *herald, const struct alarm *x, bool gone)
{
	struct herald *h = herald;

	pthread_mutex_lock(&h->lock);
	bool wanted = (h->address.webhook[0] || h->address.smtp[0]) &&
		      alarm_rows[x->kind].severity >= h->address.least;
	if (wanted && h->waiting_n == HERALD_WAITING_MAX)
		h->stats.dropped++;
	else if (wanted)
		h->waiting[h->waiting_n++] = (struct herald_item){ *x, gone };
	pthread_cond_signal(&h->woken);
	pthread_mutex_unlock(&h->lock);
}

void herald_stats(struct herald *h, struct herald_stats *ret)
{
	pthread_mutex_lock(&h->lock);
	*ret = h->stats;
	ret->targets = targets(&h->address);
	pthread_mutex_unlock(&h->lock);
}

/* ---- sending ---- */

struct upload {
	struct slice rest;
};

static size_t read_upload(char *dst, size_t size, size_t n, void *arg)
{
	struct upload *u = arg;
	size_t take = size * n < u->rest.n ? size * n : u->rest.n;

	if (take)
		memcpy(dst, u->rest.p, take);
	u->rest = slice_sub(u->rest, take, u->rest.n);
	return take;
}

static size_t ignore(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

/* True when it is to end. */
static bool rest(struct herald *h, int ms)
{
	struct pollfd end = { .fd = h->end_fd, .events = POLLIN };

	return poll(&end, 1, ms) > 0;
}

/* The end of the daemon does not wait for a mail server. */
static int ended(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return rest(arg, 0);
}

static void common(struct herald *h, CURL *c)
{
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, ended);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, h);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
}

static void failed(struct herald *h, const char *what, const char *why)
{
	pthread_mutex_lock(&h->lock);
	h->stats.failed++;
	h->stats.failing = true;
	snprintf(h->stats.error, sizeof(h->stats.error), "%s: %s", what, why);
	pthread_mutex_unlock(&h->lock);
}

static void sent(struct herald *h)
{
	pthread_mutex_lock(&h->lock);
	h->stats.sent++;
	pthread_mutex_unlock(&h->lock);
}

static bool post(struct herald *h)
{
	CURL *c = curl_easy_init();
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	char signature[HERALD_SIGNATURE_MAX], line[80], words[40];
	struct buf body;
	long status = 0;

	buf_init(&body, MESSAGE_MAX);
	herald_json(h->going, h->going_n, &body);
	if (secret_is_set(&h->to.webhook_secret)) {
		herald_sign(&h->to.webhook_secret, buf_view(&body), signature);
		snprintf(line, sizeof(line), "X-Signature: %s", signature);
		headers = curl_slist_append(headers, line);
	}
	common(h, c);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_URL, h->to.webhook);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, buf_cstr(&body));
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)body.n);
	CURLcode code = curl_easy_perform(c);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	bool good = code == CURLE_OK && status >= 200 && status < 300;
	snprintf(words, sizeof(words), "status %ld", status);
	if (good)
		sent(h);
	else
		failed(h, "webhook of alarms", code ? curl_easy_strerror(code) : words);
	curl_easy_cleanup(c);
	curl_slist_free_all(headers);
	buf_fini(&body);
	return good;
}

static void sign_in(CURL *c, const struct address *a)
{
	struct slice password = secret_expose(&a->password);

	if (!a->username[0])
		return;
	curl_easy_setopt(c, CURLOPT_USERNAME, a->username);
	curl_easy_setopt(c, CURLOPT_PASSWORD, password.p ? password.p : "");
	curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
}

static bool mail(struct herald *h)
{
	CURL *c = curl_easy_init();
	struct curl_slist *to = NULL;
	const char *names[TO_MAX];
	struct clock_reading now;
	struct buf text;

	clock_take(&now);
	for (uint32_t i = 0; i < h->to.to_n; i++) {
		names[i] = h->to.to[i];
		to = curl_slist_append(to, names[i]);
	}
	buf_init(&text, MESSAGE_MAX);
	herald_mail(h->going, h->going_n, h->to.from, names, h->to.to_n, now.wall_ms, &text);
	struct upload u = { buf_view(&text) };
	common(h, c);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c, CURLOPT_URL, h->to.smtp);
	curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
	sign_in(c, &h->to);
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, h->to.from);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, read_upload);
	curl_easy_setopt(c, CURLOPT_READDATA, &u);
	CURLcode code = curl_easy_perform(c);
	if (code == CURLE_OK)
		sent(h);
	else
		failed(h, "mail of alarms", curl_easy_strerror(code));
	curl_easy_cleanup(c);
	curl_slist_free_all(to);
	buf_fini(&text);
	return code == CURLE_OK;
}

/* ---- the thread ---- */

static void deliver(struct herald *h)
{
	bool posted = !h->to.webhook[0], mailed = !h->to.smtp[0] || !h->to.to_n, end = false;

	for (int n = 0; n < TRIES && !(posted && mailed) && !end; n++) {
		if (!posted)
			posted = post(h);
		if (!mailed)
			mailed = mail(h);
		end = posted && mailed ? false : rest(h, BETWEEN_TRIES_MS);
	}
	pthread_mutex_lock(&h->lock);
	h->stats.dropped += posted && mailed ? 0 : h->going_n;
	h->stats.failing = !posted || !mailed;
	pthread_mutex_unlock(&h->lock);
}

static void *run(void *arg)
{
	struct herald *h = arg;
	bool end = false;

	while (!end) {
		pthread_mutex_lock(&h->lock);
		while (!h->stop && !h->waiting_n)
			pthread_cond_wait(&h->woken, &h->lock);
		pthread_mutex_unlock(&h->lock);
		end = rest(h, GATHER_MS);
		pthread_mutex_lock(&h->lock);
		end = end || address_copy(&h->to, &h->address);
		memcpy(h->going, h->waiting, h->waiting_n * sizeof(h->going[0]));
		h->going_n = h->waiting_n;
		h->waiting_n = 0;
		pthread_mutex_unlock(&h->lock);
		if (!end)
			deliver(h);
	}
	return NULL;
}

enum err herald_new(struct herald **ret, const struct conf_alarms *c)
{
	struct herald *h = calloc(1, sizeof(*h));

	if (!h)
		return ERR_NO_MEMORY;
	h->end_fd = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->woken, NULL);
	if (h->end_fd < 0 || herald_set(h, c) || pthread_create(&h->thread, NULL, run, h)) {
		if (h->end_fd >= 0)
			close(h->end_fd);
		free(h);
		return ERR_IO;
	}
	*ret = h;
	return ERR_OK;
}

void herald_free(struct herald *h)
{
	uint64_t one = 1;

	if (!h)
		return;
	if (write(h->end_fd, &one, sizeof(one)) != sizeof(one))
		CHECK(false);
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_broadcast(&h->woken);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->thread, NULL);
	close(h->end_fd);
	pthread_cond_destroy(&h->woken);
	pthread_mutex_destroy(&h->lock);
	address_fini(&h->address);
	address_fini(&h->to);
	free(h);
}
