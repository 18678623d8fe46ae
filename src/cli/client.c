#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { ANSWER_MAX = 64 << 20, TIMEOUT_S = 60 };

static size_t take(char *p, size_t one, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_add(b, p, one * n);
	return buf_err(b) ? 0 : one * n;
}

static void set_request(CURL *h, struct cli *c, const char *method, const char *path,
			struct slice body, struct curl_slist *headers, struct buf *answer)
{
	char url[4096];

	snprintf(url, sizeof(url), "http://localhost%s", path);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, c->socket_path);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, answer);
	if (strcmp(method, "GET") == 0)
		return;
	curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.n ? body.p : "");
	curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
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

int cli_ask(struct cli *c, const char *method, const char *path, const char *type,
	    struct slice body, json_t **ret)
{
	struct curl_slist *headers = NULL;
	CURL *h = curl_easy_init();
	struct buf answer;
	char text[100];
	long status = 0;
	CURLcode code = CURLE_OUT_OF_MEMORY;
	int exit_status;

	buf_init(&answer, ANSWER_MAX);
	snprintf(text, sizeof(text), "Content-Type: %s", type ? type : "application/json");
	headers = curl_slist_append(headers, text);
	headers = curl_slist_append(headers, "Expect:");
	if (h && headers) {
		set_request(h, c, method, path, body, headers, &answer);
		code = curl_easy_perform(h);
		curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	}
	curl_easy_cleanup(h);
	curl_slist_free_all(headers);
	exit_status = judge(c, code, status, &answer, ret);
	buf_fini(&answer);
	return exit_status;
}

int cli_get(struct cli *c, const char *path, json_t **ret)
{
	return cli_ask(c, "GET", path, NULL, SLICE_NONE, ret);
}

int cli_send(struct cli *c, const char *method, const char *path, json_t *body, json_t **ret)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	int status = cli_ask(c, method, path, NULL, slice_str(text), ret);

	free(text);
	return status;
}
