#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/cli.h"

enum { ANSWER_MAX = 64 << 20, TIMEOUT_S = 60, PATH_MAX_BYTES = 8000 };

/* What goes out is a text or a file, what comes in as well: a refusal is a text in any case. */
struct transfer {
	enum cli_route route;
	const char *path;
	struct slice body;
	FILE *from, *to; /* NULL: body, answer */
	struct buf answer;
	CURL *h;
	bool wrote_badly;
	const char *if_match; /* NULL: unconditional; "": only when there is none yet */
	char etag[CLI_ETAG_MAX];
};

static size_t take(char *p, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	long status = 0;

	curl_easy_getinfo(t->h, CURLINFO_RESPONSE_CODE, &status);
	if (t->to && status < 300) {
		t->wrote_badly = fwrite(p, one, n, t->to) != n;
		return t->wrote_badly ? 0 : one * n;
	}
	buf_add(&t->answer, p, one * n);
	return buf_err(&t->answer) ? 0 : one * n;
}

static size_t see_header(char *p, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct slice line = slice_of(p, one * n);

	if (slice_starts_nocase(line, "etag:") &&
	    slice_copy(slice_trim(slice_sub(line, 5, line.n)), t->etag, sizeof(t->etag)))
		t->etag[0] = '\0';
	return one * n;
}

static size_t give(char *p, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t got = fread(p, one, n, t->from);

	return ferror(t->from) ? CURL_READFUNC_ABORT : got;
}

/* A file may take long, but not stand still. */
static void set_time_out(CURL *h, const struct transfer *t)
{
	if (!t->from && !t->to) {
		curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
		return;
	}
	curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, (long)TIMEOUT_S);
}

static void set_request(CURL *h, struct cli *c, struct transfer *t, struct curl_slist *headers)
{
	char url[4096];

	snprintf(url, sizeof(url), "http://localhost%s", t->path);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, c->socket_path);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	set_time_out(h, t);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, see_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, t);
	if (t->from) {
		curl_easy_setopt(h, CURLOPT_POST, 1L);
		curl_easy_setopt(h, CURLOPT_READFUNCTION, give);
		curl_easy_setopt(h, CURLOPT_READDATA, t);
	} else if (strcmp(cli_method(t->route), "GET") != 0) {
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, t->body.n ? t->body.p : "");
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.n);
	}
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, cli_method(t->route));
}

static int say_unreachable(struct cli *c, CURLcode code)
{
	if (code == CURLE_COULDNT_CONNECT)
		fprintf(
		    c->err,
		    "offhook: no daemon answers on %s; is offhookd running, and may you use its "
		    "socket?\n",
		    c->socket_path);
	else
		fprintf(c->err, "offhook: %s: %s\n", c->socket_path, curl_easy_strerror(code));
	return EXIT_USAGE_OR_GONE;
}

/* Which settings are wrong. */
static void say_keys(struct cli *c, json_t *errors)
{
	json_t *e;
	size_t i;

	json_array_foreach(errors, i, e)
		fprintf(c->err, "  %s: %s\n", text_of(e, "key"), text_of(e, "text"));
}

static int say_refused(struct cli *c, long status, json_t *doc)
{
	const char *title = text_of(doc, "title");
	struct slice detail = slice_trim(slice_str(text_of(doc, "detail")));

	if (c->json && doc)
		print_json(c, doc);
	else
		fprintf(c->err, "offhook: %s%s%.*s (HTTP %ld)\n",
			*title ? title : "the daemon refuses", detail.n ? ": " : "",
			SLICE_ARG(detail), status);
	if (!c->json)
		say_keys(c, json_object_get(doc, "errors"));
	return EXIT_REFUSED;
}

static int judge(struct cli *c, CURLcode code, long status, const struct buf *answer, json_t **ret)
{
	json_t *doc;
	int exit_status = 0;

	*ret = NULL;
	if (code)
		return say_unreachable(c, code);
	doc = json_loadb(buf_view(answer).p, buf_view(answer).n, JSON_REJECT_DUPLICATES, NULL);
	/* /readyz answers 503 with a document that is the answer */
	if (status >= 400 && !json_object_get(doc, "ready"))
		exit_status = say_refused(c, status, doc);
	else if (!doc) {
		fprintf(c->err, "offhook: the daemon's answer is no JSON\n");
		exit_status = EXIT_USAGE_OR_GONE;
	}
	if (exit_status)
		json_decref(doc);
	else
		*ret = doc;
	return exit_status;
}

/* verbs.def says what each asks for, and doc/api.md repeats it; but whom an address means, and whether there
 * is such an account, any verb finds out. */
static bool may_ask(const struct verb *v, enum cli_route route)
{
	return route == CLI_ACCOUNTS || route == CLI_USERS_ALL || verb_asks(v, route);
}

/* The answer stays in t->answer. */
static CURLcode perform(struct cli *c, struct transfer *t, long *status)
{
	struct curl_slist *headers = NULL;
	CURLcode code = CURLE_OUT_OF_MEMORY;
	const char *type = cli_type(t->route);
	char text[100];

	CHECK(may_ask(c->verb, t->route));
	t->h = curl_easy_init();
	buf_init(&t->answer, ANSWER_MAX);
	snprintf(text, sizeof(text), "Content-Type: %s", type ? type : "application/json");
	headers = curl_slist_append(headers, text);
	headers = curl_slist_append(headers, "Expect:");
	if (t->if_match) {
		snprintf(text, sizeof(text), "%s: %s", *t->if_match ? "If-Match" : "If-None-Match",
			 *t->if_match ? t->if_match : "*");
		headers = curl_slist_append(headers, text);
	}
	if (t->h && headers) {
		set_request(t->h, c, t, headers);
		code = curl_easy_perform(t->h);
		curl_easy_getinfo(t->h, CURLINFO_RESPONSE_CODE, status);
	}
	curl_easy_cleanup(t->h);
	curl_slist_free_all(headers);
	return code;
}

int cli_send_text(struct cli *c, enum cli_route route, const char *path, struct slice body, json_t **ret)
{
	struct transfer t = { .route = route, .path = path, .body = body };
	long status = 0;
	CURLcode code = perform(c, &t, &status);
	int exit_status = judge(c, code, status, &t.answer, ret);

	buf_fini(&t.answer);
	return exit_status;
}

int cli_ask_if(struct cli *c, enum cli_route route, const char *path, const char *if_match, json_t *body,
	       json_t **ret, char etag[static CLI_ETAG_MAX])
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct transfer t = { .route = route, .path = path, .body = slice_str(text), .if_match = if_match };
	long status = 0;
	CURLcode code = perform(c, &t, &status);
	int exit_status = judge(c, code, status, &t.answer, ret);

	memcpy(etag, t.etag, sizeof(t.etag));
	buf_fini(&t.answer);
	free(text);
	return exit_status;
}

int cli_send_file(struct cli *c, enum cli_route route, FILE *from, json_t **ret)
{
	struct buf path;
	long status = 0;

	buf_init(&path, PATH_MAX_BYTES);
	cli_path(&path, route, NULL, NULL);
	struct transfer t = { .route = route, .path = buf_cstr(&path), .from = from };
	CURLcode code = perform(c, &t, &status);
	/* who refuses may do so before all of it has come */
	int exit_status = judge(c, status >= 400 ? CURLE_OK : code, status, &t.answer, ret);

	buf_fini(&t.answer);
	buf_fini(&path);
	return exit_status;
}

int cli_get_file(struct cli *c, enum cli_route route, FILE *to)
{
	struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	cli_path(&path, route, NULL, NULL);
	struct transfer t = { .route = route, .path = buf_cstr(&path), .to = to };
	long status = 0;
	CURLcode code = perform(c, &t, &status);
	json_t *doc = NULL;
	int exit_status = EXIT_USAGE_OR_GONE;

	if (t.wrote_badly)
		fprintf(c->err, "offhook: the file cannot be written: is the disk full?\n");
	else
		exit_status = !code && status < 300 ? 0 : judge(c, code, status, &t.answer, &doc);
	json_decref(doc);
	buf_fini(&t.answer);
	buf_fini(&path);
	return exit_status;
}

int cli_get(struct cli *c, enum cli_route route, const char *path, json_t **ret)
{
	return cli_send_text(c, route, path, SLICE_NONE, ret);
}

int cli_call(struct cli *c, enum cli_route route, const char *first, const char *second, json_t *body,
	     json_t **ret)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct buf path;
	int status;

	buf_init(&path, PATH_MAX_BYTES);
	cli_path(&path, route, first, second);
	status = cli_send_text(c, route, buf_cstr(&path), slice_str(text), ret);
	buf_fini(&path);
	free(text);
	return status;
}
