/* http_answer.c - collects an answer within its bounds and says what it means for the request. */
#include <stdio.h>

#include "io/http_inside.h"

static void keep(char *dst, size_t cap, struct slice value)
{
	if (!dst[0] && slice_copy(value, dst, cap) != ERR_OK)
		dst[0] = '\0'; /* too long: as if absent */
}

static void take_header(struct http_slot *s, struct slice line)
{
	size_t colon = slice_find(line, ':');
	struct slice name = slice_sub(line, 0, colon);
	struct slice value = slice_trim(slice_sub(line, colon + 1, line.n));

	if (slice_is_nocase(name, "retry-after"))
		keep(s->retry_after, sizeof(s->retry_after), value);
	else if (slice_is_nocase(name, "www-authenticate"))
		keep(s->www_authenticate, sizeof(s->www_authenticate), value);
	else if (slice_is_nocase(name, "request-id") || slice_is_nocase(name, "x-ms-request-id"))
		keep(s->request_id, sizeof(s->request_id), value);
}

void http_answer_begin(struct http_slot *s)
{
	s->status_known = false;
	s->status = 0;
	s->retry_after[0] = s->www_authenticate[0] = s->request_id[0] = '\0';
	buf_reset(&s->answer);
}

/* libcurl calls this once a line; a status line starts a new answer (after a 100, or a repetition
 * on a fresh connection), an empty line ends the headers. */
static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_slot *s = arg;
	struct slice line = slice_of(p, size * n);

	s->header_bytes += line.n;
	if (s->header_bytes > HTTP_HEADERS_MAX)
		return 0;
	if (slice_starts(line, "HTTP/")) {
		http_answer_begin(s);
		curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &s->status);
	} else if (!slice_trim(line).n) {
		s->status_known = s->status >= 200 && s->status <= 999;
	} else if (!s->status_known) {
		take_header(s, line); /* not those of a trailer */
	}
	return line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_slot *s = arg;
	size_t room = HTTP_BODY_MAX - s->answer.n;

	buf_add(&s->answer, p, size * n < room ? size * n : room);
	return size * n <= room && buf_err(&s->answer) == ERR_OK ? size * n : 0;
}

/* From here on libcurl may write bytes of the request. On a connection that dies under it libcurl would write
 * them again on another, silently: whether that is wise only our caller knows, and to the peer it may be
 * a second request. Over HTTP/2 the peer says which streams it has not touched: only those are repeated. */
static int on_send(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct http_slot *s = arg;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	if (s->sent && !s->status_known && s->lane == &s->client->one)
		return CURL_PREREQFUNC_ABORT;
	s->sent = true;
	return CURL_PREREQFUNC_OK;
}

void http_answer_collect(struct http_slot *s)
{
	curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(s->easy, CURLOPT_PREREQDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, s->error);
}

/* A status that was seen is a fact, whatever happened to the connection afterwards. */
static enum http_result judge(const struct http_slot *s, CURLcode code)
{
	if (s->status_known)
		return HTTP_RESULT_ANSWERED;
	if (!s->sent)
		return HTTP_RESULT_NOT_SENT;
	return code == CURLE_HTTP2_STREAM ? HTTP_RESULT_STATUS_LOST : HTTP_RESULT_UNSURE;
}

void http_answer_show(struct http_slot *s, CURLcode code, struct http_answer *ret)
{
	*ret = (struct http_answer){.id = s->id, .result = (uint8_t)judge(s, code)};
	if (code != CURLE_OK || !s->status_known)
		ret->error = s->error[0] ? s->error : curl_easy_strerror(code);
	if (ret->result != HTTP_RESULT_ANSWERED)
		return;
	ret->status = (uint16_t)s->status;
	ret->retry_after = slice_str(s->retry_after);
	ret->www_authenticate = slice_str(s->www_authenticate);
	ret->request_id = slice_str(s->request_id);
	ret->body = buf_view(&s->answer);
}
