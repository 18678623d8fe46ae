/* pbxsim.c - a simulated PBX on real sockets. Prints NAME=value lines when it is ready. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "address.h"
#include "pbx.h"
#include "program.h"

enum { LISTS_MAX = 8 };

struct options {
	struct program program;
	struct pbx_config pbx;
	const char *lists[LISTS_MAX];
	int lists_n;
	bool has_seed;
	char password[256];
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

enum option_id {
	O_LISTEN,
	O_TLS_LISTEN,
	O_TLS_CERT,
	O_TLS_KEY,
	O_CONTROL,
	O_PHONES,
	O_FIRST,
	O_USERNAME,
	O_PASSWORD_FILE,
	O_AUTH,
	O_STYLE,
	O_CALLS,
	O_TALK,
	O_SEED,
	O_LIST,
	O_LIST_BYTES,
	O_MIN_EXPIRES,
	O_MAX_EXPIRES,
	O_HELP,
};

static const struct option long_options[] = {
	{ "listen", required_argument, NULL, O_LISTEN },
	{ "tls-listen", required_argument, NULL, O_TLS_LISTEN },
	{ "tls-cert", required_argument, NULL, O_TLS_CERT },
	{ "tls-key", required_argument, NULL, O_TLS_KEY },
	{ "control", required_argument, NULL, O_CONTROL },
	{ "phones", required_argument, NULL, O_PHONES },
	{ "first", required_argument, NULL, O_FIRST },
	{ "username", required_argument, NULL, O_USERNAME },
	{ "password-file", required_argument, NULL, O_PASSWORD_FILE },
	{ "auth", required_argument, NULL, O_AUTH },
	{ "style", required_argument, NULL, O_STYLE },
	{ "calls-per-hour", required_argument, NULL, O_CALLS },
	{ "talk-s", required_argument, NULL, O_TALK },
	{ "seed", required_argument, NULL, O_SEED },
	{ "list", required_argument, NULL, O_LIST },
	{ "list-bytes", required_argument, NULL, O_LIST_BYTES },
	{ "min-expires", required_argument, NULL, O_MIN_EXPIRES },
	{ "max-expires", required_argument, NULL, O_MAX_EXPIRES },
	{ "help", no_argument, NULL, O_HELP },
	{ NULL, 0, NULL, 0 },
};

static bool read_word(const char *text, const char *const *words, int n, uint8_t *ret)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		*ret = (uint8_t)i;
		return true;
	}
	return false;
}

static bool take_number(struct options *o, int id, const char *v)
{
	uint32_t seed;

	switch (id) {
	case O_PHONES:
		return program_number(v, 100000, &o->pbx.phones);
	case O_FIRST:
		return program_number(v, 1000000000, &o->pbx.first);
	case O_CALLS:
		return program_number(v, 3600000, &o->pbx.calls_per_hour);
	case O_TALK:
		return program_number(v, 86400, &o->pbx.talk_s);
	case O_LIST_BYTES:
		return program_number(v, 500000, &o->pbx.list_bytes_max);
	case O_MIN_EXPIRES:
		return program_number(v, 86400, &o->pbx.min_expires_s);
	case O_MAX_EXPIRES:
		return program_number(v, 86400, &o->pbx.max_expires_s);
	case O_SEED:
		o->has_seed = program_number(v, UINT32_MAX, &seed);
		o->pbx.seed = o->has_seed ? seed : 0;
		return o->has_seed;
	default:
		return false;
	}
}

static bool take(struct options *o, int id, const char *v)
{
	static const char *const styles[] = { "asterisk", "kamailio" };
	static const char *const auths[] = { "none", "md5", "sha256", "both" };

	switch (id) {
	case O_LISTEN:
		return address_parse(v, &o->program.net.listen) == ERR_OK;
	case O_TLS_LISTEN:
		return address_parse(v, &o->program.net.tls_listen) == ERR_OK;
	case O_CONTROL:
		o->program.with_control = true;
		return address_parse(v, &o->program.control) == ERR_OK;
	case O_TLS_CERT:
		o->program.net.certificate_file = v;
		return true;
	case O_TLS_KEY:
		o->program.net.key_file = v;
		return true;
	case O_USERNAME:
		o->pbx.username = v;
		return true;
	case O_PASSWORD_FILE:
		o->pbx.password = o->password;
		return program_password("pbxsim", v, o->password, sizeof(o->password));
	case O_STYLE:
		return read_word(v, styles, 2, &o->pbx.style);
	case O_AUTH:
		return read_word(v, auths, 4, &o->pbx.auth);
	case O_LIST:
		if (o->lists_n == LISTS_MAX)
			return false;
		o->lists[o->lists_n++] = v;
		return true;
	default:
		return take_number(o, id, v);
	}
}

/* 0: go on; otherwise exit with it less one. */
static int read_options(struct options *o, int argc, char **argv)
{
	int id;

	*o = (struct options){ .program = { .service = "SIP", .net = { .listen = { "127.0.0.1", 5070 } } },
			       .pbx = { .phones = 36, .first = 201, .username = "", .password = "",
					.auth = PBX_AUTH_MD5 } };
	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (id == O_HELP) {
			fputs(usage, stdout);
			return 1;
		}
		if (id == '?' || !take(o, id, optarg)) {
			if (id != '?')
				fprintf(stderr, "pbxsim: --%s %s: not understood\n",
					long_options[id].name, optarg);
			fputs(usage, stderr);
			return 2 + 1;
		}
	}
	if (!o->pbx.username[0])
		o->pbx.auth = PBX_AUTH_NONE;
	if (optind < argc) {
		fputs(usage, stderr);
		return 2 + 1;
	}
	if (!program_is_whole(&o->program, "pbxsim", o->pbx.username, o->pbx.password))
		return 2 + 1;
	o->program.first = o->pbx.first;
	o->program.phones = o->pbx.phones;
	if (!o->has_seed && getrandom(&o->pbx.seed, sizeof(o->pbx.seed), 0) < 0)
		o->pbx.seed = (uint64_t)getpid();
	o->pbx.host = o->program.net.listen.host;
	return 0;
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

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct event_base *base;
	struct pbx *pbx = NULL;
	struct machine machine = { .program = "pbxsim", .feed = feed, .tick = tick, .next = next,
				   .drain = drain, .bound = bound, .udp = true };
	struct options o;
	int status = read_options(&o, argc, argv);

	if (status)
		return status - 1;
	if (!program_die_with_parent(parent))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	if (!base || pbx_new(&pbx, &o.pbx, program_now_ms())) {
		fprintf(stderr, "pbxsim: cannot start: too many phones or too little memory\n");
		return 1;
	}
	machine.of = pbx;
	status = 0;
	for (int i = 0; i < o.lists_n && !status; i++) {
		if (add_list(pbx, o.lists[i]))
			continue;
		fprintf(stderr, "pbxsim: --list %s: not understood\n", o.lists[i]);
		status = 2;
	}
	if (!status)
		status = program_run(&o.program, base, &machine);
	pbx_free(pbx);
	event_base_free(base);
	return status;
}
