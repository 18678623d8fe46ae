/* pbxsim.c - a simulated PBX on real sockets. Prints NAME=value lines when it is ready. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"
#include "address.h"
#include "pbxsim.h"

enum { LISTS_MAX = 8 };

struct options {
	struct net_config net;
	struct pbx_config pbx;
	struct pbx_address control;
	const char *lists[LISTS_MAX];
	int lists_n;
	bool with_control, has_seed;
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

static bool read_number(const char *text, uint64_t max, uint32_t *ret)
{
	uint64_t n;

	if (slice_u64(slice_str(text), max, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

/* Index of word in the table, or false. */
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

static bool read_password(struct options *o, const char *path)
{
	FILE *f = fopen(path, "re");
	bool good = f && fgets(o->password, sizeof(o->password), f);

	if (f)
		fclose(f);
	if (!good) {
		fprintf(stderr, "pbxsim: cannot read a line from %s\n", path);
		return false;
	}
	o->password[strcspn(o->password, "\r\n")] = '\0';
	o->pbx.password = o->password;
	return true;
}

static bool take_number(struct options *o, int id, const char *v)
{
	uint32_t seed;

	switch (id) {
	case O_PHONES:
		return read_number(v, 100000, &o->pbx.phones);
	case O_FIRST:
		return read_number(v, 1000000000, &o->pbx.first);
	case O_CALLS:
		return read_number(v, 3600000, &o->pbx.calls_per_hour);
	case O_TALK:
		return read_number(v, 86400, &o->pbx.talk_s);
	case O_LIST_BYTES:
		return read_number(v, 500000, &o->pbx.list_bytes_max);
	case O_MIN_EXPIRES:
		return read_number(v, 86400, &o->pbx.min_expires_s);
	case O_MAX_EXPIRES:
		return read_number(v, 86400, &o->pbx.max_expires_s);
	case O_SEED:
		o->has_seed = read_number(v, UINT32_MAX, &seed);
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
		return address_parse(v, &o->net.listen) == ERR_OK;
	case O_TLS_LISTEN:
		return address_parse(v, &o->net.tls_listen) == ERR_OK;
	case O_CONTROL:
		o->with_control = true;
		return address_parse(v, &o->control) == ERR_OK;
	case O_TLS_CERT:
		o->net.certificate_file = v;
		return true;
	case O_TLS_KEY:
		o->net.key_file = v;
		return true;
	case O_USERNAME:
		o->pbx.username = v;
		return true;
	case O_PASSWORD_FILE:
		return read_password(o, v);
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

	*o = (struct options){ .net = { .listen = { "127.0.0.1", 5070 } },
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
	if (!o->pbx.username[0] && !o->pbx.password[0])
		o->pbx.auth = PBX_AUTH_NONE;
	if (!o->net.certificate_file != !o->net.key_file || optind < argc) {
		fputs(usage, stderr);
		return 2 + 1;
	}
	if (!o->net.tls_listen.host[0])
		o->net.tls_listen = (struct pbx_address){ 0 },
		memcpy(o->net.tls_listen.host, o->net.listen.host, sizeof(o->net.listen.host));
	if (!o->has_seed && getrandom(&o->pbx.seed, sizeof(o->pbx.seed), 0) < 0)
		o->pbx.seed = (uint64_t)getpid();
	o->pbx.host = o->net.listen.host;
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

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	event_base_loopbreak(arg);
}

static void tell_ready(const struct options *o, const struct net *net, const struct api *api)
{
	struct pbx_address a = net_address(net), t = net_tls_address(net);

	printf("SIP=%s:%u\n", a.host, a.port);
	if (t.port)
		printf("SIPS=%s:%u\n", t.host, t.port);
	printf("PHONES=%u-%u\n", o->pbx.first, o->pbx.first + o->pbx.phones - 1);
	if (api) {
		a = api_address(api);
		printf("CONTROL=%s:%u\n", a.host, a.port);
	}
	printf("READY=1\n");
	fflush(stdout);
}

static int serve(const struct options *o, struct event_base *base, struct pbx *pbx)
{
	struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
	struct event *intr = evsignal_new(base, SIGINT, on_signal, base);
	struct api *api = NULL;
	struct net *net = NULL;
	int status = 1;

	if (term && intr && !event_add(term, NULL) && !event_add(intr, NULL) &&
	    !net_open(&net, base, pbx, &o->net) &&
	    (!o->with_control || !api_open(&api, base, net, pbx, &o->control))) {
		tell_ready(o, net, api);
		net_pump(net);
		status = event_base_dispatch(base) < 0;
	}
	api_close(api);
	net_close(net);
	if (term)
		event_free(term);
	if (intr)
		event_free(intr);
	return status;
}

/* Nothing is left behind by a parent that was killed. */
static bool die_with_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent;
}

static int64_t monotonic_ms(void)
{
	struct evutil_monotonic_timer *clock = evutil_monotonic_timer_new();
	struct timeval tv = { 0 };

	CHECK(clock && evutil_configure_monotonic_time(clock, 0) == 0);
	evutil_gettime_monotonic(clock, &tv);
	evutil_monotonic_timer_free(clock);
	return (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000;
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();
	struct event_base *base;
	struct pbx *pbx = NULL;
	struct options o;
	int status = read_options(&o, argc, argv);

	if (status)
		return status - 1;
	if (!die_with_parent(parent))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	if (!base || pbx_new(&pbx, &o.pbx, monotonic_ms())) {
		fprintf(stderr, "pbxsim: cannot start: too many phones or too little memory\n");
		return 1;
	}
	status = 0;
	for (int i = 0; i < o.lists_n && !status; i++) {
		if (add_list(pbx, o.lists[i]))
			continue;
		fprintf(stderr, "pbxsim: --list %s: not understood\n", o.lists[i]);
		status = 2;
	}
	if (!status)
		status = serve(&o, base, pbx);
	pbx_free(pbx);
	event_base_free(base);
	return status;
}
