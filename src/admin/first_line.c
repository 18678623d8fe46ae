/* first_line.c - a request line without a blank: libmicrohttpd closes on it without a word. Whoever sends
 * such a thing is mostly a person at the wrong port, so it gets an answer before the library reads it.
 *
 * Only what has arrived whole and unread is looked at, and nothing is taken from the socket: the library
 * reads the same bytes, and closes. */
#include <string.h>
#include <sys/socket.h>

#include "admin/impl.h"

enum { LINE_MAX_SEEN = 512 };

static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n"
			     "Connection: close\r\n\r\n"
			     "{\"type\":\"about:blank\",\"title\":\"bad request\",\"status\":400,"
			     "\"detail\":\"this is no HTTP request; see doc/api.md\"}\n";

/* A whole line, blank lines before it passed over, in which nothing is separated from anything. */
static bool is_no_request(struct slice bytes)
{
	size_t from = 0;

	while (from < bytes.n && (bytes.p[from] == '\r' || bytes.p[from] == '\n'))
		from++;
	bytes = slice_sub(bytes, from, bytes.n);
	size_t end = slice_find(bytes, '\n');
	return end < bytes.n && slice_find(slice_sub(bytes, 0, end), ' ') == end;
}

static void look(struct admin *a, struct conn *k)
{
	char text[LINE_MAX_SEEN];
	ssize_t n = recv(k->fd, text, sizeof(text), MSG_PEEK | MSG_DONTWAIT);

	if (n <= 0)
		return;
	k->looked_at = true;
	if (!is_no_request(slice_of(text, (size_t)n)))
		return;
	a->refused[REFUSED_NO_REQUEST]++;
	if (send(k->fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		shutdown(k->fd, SHUT_WR);
}

void first_line_check(struct admin *a)
{
	for (struct conn *k = a->conns; k; k = k->next)
		if (!k->looked_at && !k->tls && k->fd >= 0)
			look(a, k);
}
