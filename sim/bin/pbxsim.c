/* pbxsim.c - a simulated PBX on real sockets. Prints NAME=value lines when it is ready. */
#include <stdio.h>
#include <unistd.h>

#include "options.h"
#include "pbxsim.h"

enum { LISTS_MAX = 8 };

struct own {
	struct pbx_config pbx;
	const char *lists[LISTS_MAX];
	int lists_n;
};

static const char usage[] =
	"usage: pbxsim [options]\n"
	"  --listen HOST:PORT          UDP and TCP, port 0: any (default 127.0.0.1:5070)\n"
	"  --tls-listen HOST:PORT      with --tls-cert and --tls-key (default port 0 of the same host)\n"
	"  --tls-cert FILE --tls-key FILE\n"
	"  --control HOST:PORT         HTTP control API (GET /phones, POST /call ...)\n"
	"  --phones N --first NUMBER   (default 36 from 201)\n"
	"  --username NAME --password-file FILE   log-in asked for; without them none\n"
	"  --auth md5|sha256|both      (default md5)\n"
	"  --style asterisk|kamailio   (default asterisk)\n"
	"  --calls-per-hour N --talk-s N --seed N   random calls (default none)\n"
	"  --list NAME=FIRST-LAST      one more resource list (there are: lines, users)\n"
	"  --list-bytes N              larger list NOTIFYs are never sent (default 65535)\n"
	"  --min-expires N --max-expires N   seconds (default 10 and 3600)\n";

enum {
	O_AUTH = OPTION_OWN,
	O_STYLE,
	O_LIST,
	O_LIST_BYTES,
	O_MIN_EXPIRES,
	O_MAX_EXPIRES,
};

static const struct option table[] = {
	OPTIONS_OF_ALL,
	{ "auth", required_argument, NULL, O_AUTH },
	{ "style", required_argument, NULL, O_STYLE },
	{ "list", required_argument, NULL, O_LIST },
	{ "list-bytes", required_argument, NULL, O_LIST_BYTES },
	{ "min-expires", required_argument, NULL, O_MIN_EXPIRES },
	{ "max-expires", required_argument, NULL, O_MAX_EXPIRES },
	{ NULL, 0, NULL, 0 },
};

static bool take(void *arg, int id, const char *v)
{
	static const char *const styles[] = { "asterisk", "kamailio" };
	static const char *const auths[] = { "none", "md5", "sha256", "both" };
	struct own *o = arg;

	switch (id) {
	case O_STYLE:
		return options_word(v, styles, 2, &o->pbx.style);
	case O_AUTH:
		return options_word(v, auths, 4, &o->pbx.auth);
	case O_LIST:
		if (o->lists_n == LISTS_MAX)
			return false;
		o->lists[o->lists_n++] = v;
		return true;
	case O_LIST_BYTES:
		return options_number(v, 500000, &o->pbx.list_bytes_max);
	case O_MIN_EXPIRES:
		return options_number(v, 86400, &o->pbx.min_expires_s);
	case O_MAX_EXPIRES:
		return options_number(v, 86400, &o->pbx.max_expires_s);
	default:
		return false;
	}
}

static void configure(struct pbx_config *c, const struct program *p)
{
	c->phones = p->phones;
	c->first = p->first;
	c->host = p->net.listen.host;
	c->username = p->username;
	c->password = p->password;
	c->calls_per_hour = p->calls_per_hour;
	c->talk_s = p->talk_s;
	c->seed = p->seed;
	if (!p->username[0])
		c->auth = PBX_AUTH_NONE;
}

/* "east=201-210" */
static bool add_list(struct pbx *p, const char *text)
{
	struct slice rest = slice_str(text), name, first, last;
	uint64_t from, to;
	char word[32];

	if (!slice_split(&rest, '=', &name) || !slice_split(&rest, '-', &first) || !rest.p)
		return false;
	last = rest;
	if (slice_u64(first, UINT32_MAX, &from) || slice_u64(last, UINT32_MAX, &to) || to < from ||
	    slice_copy(name, word, sizeof(word)) || pbx_find(p, (uint32_t)from) == PBX_EXTERNAL)
		return false;
	return pbx_add_list(p, word, pbx_find(p, (uint32_t)from), (uint32_t)(to - from + 1), false,
			    100) == ERR_OK;
}

/* ---- the machine ---- */

static void feed(void *of, int64_t now_ms, const struct pbx_feed *in)
{
	pbx_feed(of, now_ms, in);
}

static void tick(void *of, int64_t now_ms)
{
	pbx_tick(of, now_ms);
}

static int64_t next(const void *of)
{
	return pbx_next(of);
}

static bool drain(void *of, struct pbx_out *ret)
{
	return pbx_drain(of, ret);
}

static void bound(void *of, uint16_t port, uint16_t tls_port)
{
	pbx_set_port(of, port, tls_port);
}

static int run(const struct program *p, const struct own *o)
{
	struct pbx *pbx = NULL;
	struct machine machine = { .program = p->name, .feed = feed, .tick = tick, .next = next,
				   .drain = drain, .bound = bound, .udp = true };
	int status = 0;

	if (pbx_new(&pbx, &o->pbx, program_now_ms())) {
		fprintf(stderr, "pbxsim: cannot start: too many phones or too little memory\n");
		return 1;
	}
	machine.of = pbx;
	for (int i = 0; i < o->lists_n && !status; i++) {
		if (add_list(pbx, o->lists[i]))
			continue;
		fprintf(stderr, "pbxsim: --list %s: not understood\n", o->lists[i]);
		status = 2;
	}
	if (!status)
		status = program_run(p, &machine, pbxsim_routes);
	pbx_free(pbx);
	return status;
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct program p = { .name = "pbxsim", .service = "SIP", .net = { .listen = { "127.0.0.1", 5070 } },
			     .phones = 36, .phones_max = 100000, .first = 201, .username = "" };
	struct own o = { .pbx = { .auth = PBX_AUTH_MD5 } };
	int status = options_read(&(struct options){ usage, table, take, &o }, &p, argc, argv);

	if (status)
		return status - 1;
	if (!program_die_with_parent(parent))
		return 1;
	configure(&o.pbx, &p);
	return run(&p, &o);
}
