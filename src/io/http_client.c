#include "io/http_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/http_inside.h"

enum {
	URL_MAX = 2048,
	HEADER_LINE_MAX = 32 * 1024, /* a bearer token */
	HEADER_LINES_MAX = 32,
	SEND_BODY_MAX = 4 << 20,
	CONNECT_MS = 10000,
	KEEP_IDLE_S = 30,
	CONNECTION_IDLE_S = 90,
	DEFAULT_PROXY_PORT = 1080, /* libcurl's own */
	CA_FILE_MAX = 1 << 20,
};

/* Bearer tokens and client secrets pass through: wiped before the memory is given back. */
static void free_secret_list(struct curl_slist *list)
{
	for (struct curl_slist *n = list; n; n = n->next)
		explicit_bzero(n->data, strlen(n->data));
	curl_slist_free_all(list);
}

static void wipe(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->n);
	buf_reset(b);
}

static void release(struct http_slot *s)
{
	struct http_client *c = s->client;

	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(s->easy, CURLOPT_RESOLVE, NULL);
	curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, NULL);
	free_secret_list(s->headers);
	curl_slist_free_all(s->addresses);
	s->headers = s->addresses = NULL;
	wipe(&s->body);
	wipe(&s->answer);
	s->lane = NULL;
	s->waits_for = NULL;
	s->used = false;
	s->next_free = c->free;
	c->free = s;
	c->under_way--;
}

static void doubt_address(struct http_slot *s)
{
	const struct curl_slist *line = s->addresses;
	char host[HTTP_NAME_MAX];
	struct slice rest, part;
	uint64_t port;

	if (!line)
		return;
	rest = slice_str(line->data);
	if (!slice_split(&rest, ':', &part) || slice_copy(part, host, sizeof(host)) ||
	    !slice_split(&rest, ':', &part) || slice_u64(part, UINT16_MAX, &port))
		return;
	http_name_doubt(s->client, host, (uint16_t)port);
}

void http_slot_end(struct http_slot *s, CURLcode code)
{
	struct http_client *c = s->client;
	struct http_answer a;

	s->lane = NULL;
	http_answer_show(s, code, &a);
	if (a.result == HTTP_RESULT_NOT_SENT)
		doubt_address(s);
	c->handler(c->arg, &a);
	release(s);
}

void http_slot_fail(struct http_slot *s, const char *why)
{
	snprintf(s->error, sizeof(s->error), "%s", why);
	http_slot_end(s, CURLE_COULDNT_RESOLVE_HOST);
}

void http_slot_go(struct http_slot *s)
{
	int64_t left_ms = s->deadline_ms - loop_mono_ms(s->client->loop);

	if (left_ms <= 0) {
		http_slot_fail(s, "looking up the name took too long");
		return;
	}
	curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
	curl_easy_setopt(s->easy, CURLOPT_RESOLVE, s->addresses);
	if (curl_multi_add_handle(s->lane->multi, s->easy) != CURLM_OK)
		http_slot_fail(s, "no memory");
}

/* What is the same for all requests of the client. */
static void configure(struct http_slot *s)
{
	struct http_client *c = s->client;

	http_answer_collect(s);
	curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
	curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(s->easy, CURLOPT_PROTOCOLS_STR, c->plain_allowed ? "http,https" : "https");
	curl_easy_setopt(s->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(s->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(s->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(s->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(s->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(s->easy, CURLOPT_TCP_KEEPIDLE, (long)KEEP_IDLE_S);
	curl_easy_setopt(s->easy, CURLOPT_MAXAGE_CONN, (long)CONNECTION_IDLE_S);
	curl_easy_setopt(s->easy, CURLOPT_PROXY, c->proxy); /* "": the environment is not asked */
	curl_easy_setopt(s->easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(s->easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_ANY);
	if (c->user_agent[0])
		curl_easy_setopt(s->easy, CURLOPT_USERAGENT, c->user_agent);
	/* The system's certificates stay trusted: they are in CAPATH. */
	if (c->ca_file[0]) {
		struct curl_blob ca = { c->ca.p, c->ca.n, CURL_BLOB_NOCOPY };

		if (c->ca.n)
			curl_easy_setopt(s->easy, CURLOPT_CAINFO_BLOB, &ca);
		else
			curl_easy_setopt(s->easy, CURLOPT_CAINFO, c->ca_file); /* which says what is wrong */
		curl_easy_setopt(s->easy, CURLOPT_CAPATH, X509_get_default_cert_dir());
	}
}

static enum err open_handle(struct http_slot *s)
{
	if (s->easy)
		return ERR_OK;
	s->easy = curl_easy_init();
	if (!s->easy)
		return ERR_NO_MEMORY;
	configure(s);
	return ERR_OK;
}

static enum err add_line(struct http_slot *s, struct slice line)
{
	char text[512], *copy = text;
	struct curl_slist *longer;
	enum err e = ERR_OK;

	if (line.n >= sizeof(text))
		copy = line.n < HEADER_LINE_MAX ? malloc(line.n + 1) : NULL;
	if (!copy)
		return line.n < HEADER_LINE_MAX ? ERR_NO_MEMORY : ERR_MALFORMED;
	e = slice_copy(line, copy, line.n + 1 > sizeof(text) ? line.n + 1 : sizeof(text));
	longer = e ? NULL : curl_slist_append(s->headers, copy);
	explicit_bzero(copy, line.n);
	if (copy != text)
		free(copy);
	if (!longer)
		return e ? ERR_MALFORMED : ERR_NO_MEMORY;
	s->headers = longer;
	return ERR_OK;
}

static enum err set_headers(struct http_slot *s, struct slice rest)
{
	struct slice line;
	int n = 0;
	/* libcurl's "Expect: 100-continue" would cost a round trip. */
	enum err e = add_line(s, SLICE_LIT("Expect:"));

	while (!e && slice_split(&rest, '\n', &line)) {
		line = slice_trim(line);
		if (!line.n)
			continue;
		if (++n > HEADER_LINES_MAX || slice_find(line, ':') == line.n ||
		    slice_find(line, '\r') != line.n)
			return ERR_MALFORMED;
		e = add_line(s, line);
	}
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
	return e;
}

static enum err set_body(struct http_slot *s, const struct http_request *r)
{
	buf_slice(&s->body, r->body);
	if (buf_err(&s->body) != ERR_OK)
		return buf_err(&s->body);
	curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, NULL);
	if (slice_is(slice_str(r->method), "GET") && !r->body.n) {
		curl_easy_setopt(s->easy, CURLOPT_HTTPGET, 1L);
		return ERR_OK;
	}
	curl_easy_setopt(s->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE, (long)s->body.n);
	curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, buf_cstr(&s->body));
	if (!slice_is(slice_str(r->method), "POST"))
		curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, r->method);
	return ERR_OK;
}

/* Only what has no body: see the head of http_client.h. */
static void choose_lane(struct http_slot *s)
{
	bool two = s->client->http2 && !s->body.n;

	s->lane = two ? &s->client->two : &s->client->one;
	curl_easy_setopt(s->easy, CURLOPT_HTTP_VERSION,
			 two ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(s->easy, CURLOPT_PIPEWAIT, two ? 1L : 0L);
}

static enum err url_part(CURLU *u, CURLUPart part, unsigned flags, char *dst, size_t cap)
{
	char *text = NULL;
	enum err e = ERR_MALFORMED;

	if (curl_url_get(u, part, &text, flags) == CURLUE_OK)
		e = slice_copy(slice_str(text), dst, cap);
	curl_free(text);
	return e;
}

struct place {
	char scheme[16], host[HTTP_NAME_MAX];
	uint16_t port;
};

/* default_port 0: that of the scheme. */
static enum err parse_url(const char *url, unsigned flags, uint16_t default_port, struct place *ret)
{
	CURLU *u = curl_url();
	enum err e = u ? ERR_OK : ERR_NO_MEMORY;
	uint64_t port = default_port;
	char text[8];

	if (!e && curl_url_set(u, CURLUPART_URL, url, flags) != CURLUE_OK)
		e = ERR_MALFORMED;
	if (!e)
		e = url_part(u, CURLUPART_SCHEME, 0, ret->scheme, sizeof(ret->scheme));
	if (!e)
		e = url_part(u, CURLUPART_HOST, 0, ret->host, sizeof(ret->host));
	if (!e && url_part(u, CURLUPART_PORT, default_port ? 0 : CURLU_DEFAULT_PORT, text,
			   sizeof(text)) == ERR_OK)
		e = slice_u64(slice_str(text), UINT16_MAX, &port);
	curl_url_cleanup(u);
	ret->port = (uint16_t)port;
	return e ? (e == ERR_NO_MEMORY ? e : ERR_MALFORMED) : ERR_OK;
}

static enum err set_url(struct http_slot *s, struct slice url, struct place *ret)
{
	char text[URL_MAX];
	enum err e = slice_copy(url, text, sizeof(text));

	if (e || parse_url(text, 0, 0, ret) != ERR_OK)
		return ERR_MALFORMED;
	if (!slice_is(slice_str(ret->scheme), "https") &&
	    (!s->client->plain_allowed || !slice_is(slice_str(ret->scheme), "http")))
		return ERR_MALFORMED;
	return curl_easy_setopt(s->easy, CURLOPT_URL, text) == CURLE_OK ? ERR_OK : ERR_NO_MEMORY;
}

static enum err prepare(struct http_slot *s, const struct http_request *r, struct place *ret)
{
	enum err e = open_handle(s);

	if (!e)
		e = set_url(s, r->url, ret);
	if (!e)
		e = set_headers(s, r->headers);
	if (!e)
		e = set_body(s, r);
	if (!e)
		choose_lane(s);
	return e;
}

static struct http_slot *take_slot(struct http_client *c, const struct http_request *r)
{
	struct http_slot *s = c->free;

	if (!s)
		return NULL;
	c->free = s->next_free;
	c->under_way++;
	s->used = true;
	s->id = r->id;
	s->sent = false;
	s->header_bytes = 0;
	s->error[0] = '\0';
	s->deadline_ms =
	    loop_mono_ms(c->loop) + (r->timeout_ms > 0 ? r->timeout_ms : HTTP_TIMEOUT_MS);
	http_answer_begin(s);
	return s;
}

/* Behind a proxy that one's name is the only one we look up. */
static enum err start(struct http_slot *s, const struct place *to)
{
	struct http_client *c = s->client;
	const char *host = c->proxy[0] ? c->proxy_host : to->host;
	uint16_t port = c->proxy[0] ? c->proxy_port : to->port;
	enum http_name_state n = HTTP_NAME_READY;

	if (!endpoint_is_numeric(host))
		n = http_name_for(s, host, port);
	if (n == HTTP_NAME_FULL)
		return ERR_NO_MEMORY;
	if (n == HTTP_NAME_ASKING)
		return ERR_OK;
	curl_easy_setopt(s->easy, CURLOPT_RESOLVE, s->addresses);
	curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS,
			 (long)(s->deadline_ms - loop_mono_ms(c->loop)));
	return curl_multi_add_handle(s->lane->multi, s->easy) == CURLM_OK ? ERR_OK : ERR_NO_MEMORY;
}

enum err http_client_send(struct http_client *c, const struct http_request *r)
{
	struct http_slot *s;
	struct place to;
	enum err e;

	if (c->over)
		return ERR_BUG;
	s = take_slot(c, r);
	if (!s)
		return ERR_LIMIT;
	e = prepare(s, r, &to);
	if (!e)
		e = start(s, &to);
	if (e)
		release(s);
	return e;
}

uint32_t http_client_under_way(const struct http_client *c)
{
	return c->under_way;
}

const char *http_client_version(void)
{
	return curl_version();
}

/* Proxies that want the address of the target would make libcurl look it up: not taken. */
static enum err set_proxy(struct http_client *c)
{
	struct place p;
	enum err e;

	if (!c->proxy[0])
		return ERR_OK;
	e = parse_url(c->proxy, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME, DEFAULT_PROXY_PORT,
		      &p);
	if (e)
		return e;
	if (!slice_is(slice_str(p.scheme), "http") && !slice_is(slice_str(p.scheme), "https") &&
	    !slice_is(slice_str(p.scheme), "socks5h"))
		return ERR_MALFORMED;
	memcpy(c->proxy_host, p.host, sizeof(p.host));
	c->proxy_port = p.port;
	return ERR_OK;
}

static bool holds_certificate(struct slice pem)
{
	BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
	bool is = x != NULL;

	X509_free(x);
	BIO_free(b);
	ERR_clear_error();
	return is;
}

/* Read once: the account may be gone with its file while what it held is still given back. */
static enum err read_ca(struct http_client *c)
{
	FILE *f = c->ca_file[0] ? fopen(c->ca_file, "re") : NULL;
	char part[4096];
	size_t n;

	buf_init(&c->ca, CA_FILE_MAX);
	if (!f)
		return ERR_OK;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&c->ca, part, n);
	fclose(f);
	if (buf_err(&c->ca) == ERR_NO_MEMORY)
		return ERR_NO_MEMORY;
	if (buf_err(&c->ca) == ERR_LIMIT || !holds_certificate(buf_view(&c->ca)))
		buf_reset(&c->ca);
	return ERR_OK;
}

static enum err copy_texts(struct http_client *c, const struct http_config *config)
{
	c->ca_file = strdup(config->ca_file ? config->ca_file : "");
	c->proxy = strdup(config->proxy ? config->proxy : "");
	c->user_agent = strdup(config->user_agent ? config->user_agent : "");
	c->dns_servers = config->dns_servers ? strdup(config->dns_servers) : NULL;
	if (!c->ca_file || !c->proxy || !c->user_agent || (config->dns_servers && !c->dns_servers))
		return ERR_NO_MEMORY;
	enum err e = read_ca(c);
	return e ? e : set_proxy(c);
}

static enum err make_slots(struct http_client *c, uint32_t n)
{
	c->slots = calloc(n, sizeof(*c->slots));
	if (!c->slots)
		return ERR_NO_MEMORY;
	c->slots_n = n;
	for (uint32_t i = 0; i < n; i++) {
		struct http_slot *s = &c->slots[i];

		s->client = c;
		buf_init(&s->body, SEND_BODY_MAX);
		buf_init(&s->answer, HTTP_BODY_MAX);
		s->next_free = c->free;
		c->free = s;
	}
	return ERR_OK;
}

static void free_client(void *arg)
{
	struct http_client *c = arg;

	http_names_close(c);
	for (uint32_t i = 0; i < c->slots_n; i++) {
		struct http_slot *s = &c->slots[i];

		if (s->used && s->lane && !s->waits_for)
			curl_multi_remove_handle(s->lane->multi, s->easy);
		free_secret_list(s->headers);
		curl_slist_free_all(s->addresses);
		wipe(&s->body);
		wipe(&s->answer);
		buf_fini(&s->body);
		buf_fini(&s->answer);
		curl_easy_cleanup(s->easy);
	}
	http_lane_close(&c->one);
	http_lane_close(&c->two);
	free(c->slots);
	buf_fini(&c->ca);
	free(c->ca_file);
	if (c->proxy)
		explicit_bzero(c->proxy, strlen(c->proxy));
	free(c->proxy);
	free(c->user_agent);
	free(c->dns_servers);
	free(c);
	curl_global_cleanup();
}

enum err http_client_new(struct http_client **ret, struct loop *l, const struct http_config *config,
			 http_answer_h *handler, void *arg)
{
	struct http_client *c;
	uint32_t connections = config->connections_max ? config->connections_max : HTTP_CONNECTIONS;
	enum err e;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return ERR_NO_MEMORY;
	c = calloc(1, sizeof(*c));
	if (!c) {
		curl_global_cleanup();
		return ERR_NO_MEMORY;
	}
	c->loop = l;
	c->handler = handler;
	c->arg = arg;
	c->plain_allowed = config->plain_allowed;
	c->http2 = config->http2;
	e = copy_texts(c, config);
	if (!e)
		e = make_slots(c, config->requests_max ? config->requests_max : HTTP_REQUESTS);
	if (!e)
		e = http_lane_open(&c->one, c, connections);
	if (!e)
		e = http_lane_open(&c->two, c, connections);
	if (e) {
		free_client(c);
		return e;
	}
	*ret = c;
	return ERR_OK;
}

/* The handler that calls this may stand on the stack above libcurl's frames, so the memory goes at
 * the end of the turn; the answers stop now. */
void http_client_free(struct http_client *c)
{
	if (!c || c->over)
		return;
	c->over = true;
	loop_later(c->loop, &c->task, free_client, c);
}
