#include "daemon/fixed.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"

enum { PEM_MAX = 1 << 20 };

static uint64_t hash(const char *text, uint64_t seed)
{
	return slice_hash(slice_str(text ? text : ""), seed);
}

static uint64_t hash_file(const char *path, uint64_t seed)
{
	char *text = NULL;
	size_t n = 0;

	seed = hash(path, seed);
	if (!path || !path[0] || conf_read_file(path, PEM_MAX, &text, &n))
		return seed;
	seed = slice_hash(slice_of(text, n), seed);
	explicit_bzero(text, n); /* it may be a key */
	free(text);
	return seed;
}

static uint64_t listen_of(const struct conf_server *s)
{
	return hash(s->listen.host, s->listen.port);
}

static uint64_t socket_of(const struct conf_server *s)
{
	return hash(s->socket, 1);
}

static uint64_t tls_of(const struct conf_server *s)
{
	return s->tls.certificate_file[0] != '\0';
}

static uint64_t url_of(const struct conf_server *s)
{
	return hash(s->url, 1);
}

static uint64_t data_of(const struct conf_server *s)
{
	return hash(s->data, 1);
}

static uint64_t capacity_of(const struct conf_server *s)
{
	return s->capacity;
}

static const struct {
	const char *key;
	uint64_t (*value)(const struct conf_server *s);
} keys[FIXED_KEYS] = {
	{ "listen", listen_of }, { "socket", socket_of }, { "tls", tls_of },
	{ "url", url_of },	 { "data", data_of },	  { "capacity", capacity_of },
};

uint64_t fixed_certificate(const struct conf_server *s)
{
	return hash_file(s->tls.key_file, hash_file(s->tls.certificate_file, 1));
}

void fixed_init(struct fixed *f, const struct conf_server *s)
{
	f->tls = tls_of(s);
	for (int i = 0; i < FIXED_KEYS; i++)
		f->at_start[i] = keys[i].value(s);
}

void fixed_say(const struct fixed *f, const struct conf_server *s, struct buf *said)
{
	for (int i = 0; i < FIXED_KEYS; i++)
		if (keys[i].value(s) != f->at_start[i])
			buf_fmt(said,
				"server.%s is another one now: start offhookd again for it "
				"(systemctl restart offhookd); until then the former one is in force\n",
				keys[i].key);
}
