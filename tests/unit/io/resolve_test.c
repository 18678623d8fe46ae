/* Against a DNS server made of a UDP channel in the same loop: it knows the rows of `zone`. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "io_test.h"

#include "io/resolve.h"

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_NAPTR = 35 };

struct row {
	const char *name;
	uint16_t type;
	const char *value; /* address, or target of SRV, or replacement of NAPTR */
	uint16_t priority, weight, port; /* of NAPTR: order, preference, 0 */
	uint32_t ttl;
	const char *flags, *naptr; /* of NAPTR */
};

static const struct row zone[] = {
    {"pbx.acme.example", TYPE_A, "192.0.2.1", 0, 0, 0, 60, NULL, NULL},
    {"pbx.acme.example", TYPE_A, "192.0.2.2", 0, 0, 0, 40, NULL, NULL},
    {"six.acme.example", TYPE_AAAA, "2001:db8::6", 0, 0, 0, 600, NULL, NULL},
    {"_sip._udp.acme.example", TYPE_SRV, "second.acme.example", 20, 0, 5070, 60, NULL, NULL},
    {"_sip._udp.acme.example", TYPE_SRV, "first.acme.example", 10, 0, 5080, 60, NULL, NULL},
    {"_sip._udp.acme.example", TYPE_SRV, "missing.acme.example", 15, 0, 5090, 60, NULL, NULL},
    {"first.acme.example", TYPE_A, "192.0.2.10", 0, 0, 0, 60, NULL, NULL},
    {"second.acme.example", TYPE_A, "192.0.2.20", 0, 0, 0, 60, NULL, NULL},
    {"_sip._udp.none.example", TYPE_SRV, "", 0, 0, 0, 60, NULL, NULL}, /* the root: no such service */
    {"none.example", TYPE_A, "192.0.2.30", 0, 0, 0, 60, NULL, NULL},
    {"only.example", TYPE_A, "192.0.2.40", 0, 0, 0, 60, NULL, NULL},
    /* NAPTR: order before preference */
    {"three.example", TYPE_NAPTR, "_sip._tcp.three.example", 20, 10, 0, 60, "s", "SIP+D2T"},
    {"three.example", TYPE_NAPTR, "_sip._udp.three.example", 20, 5, 0, 60, "s", "SIP+D2U"},
    {"three.example", TYPE_NAPTR, "_sips._tcp.other.example", 10, 50, 0, 60, "S", "sips+d2t"},
    {"_sip._tcp.three.example", TYPE_SRV, "tcp.three.example", 1, 0, 5062, 60, NULL, NULL},
    {"_sip._udp.three.example", TYPE_SRV, "udp.three.example", 1, 0, 5063, 60, NULL, NULL},
    {"_sips._tcp.other.example", TYPE_SRV, "tls.three.example", 1, 0, 5064, 60, NULL, NULL},
    {"tcp.three.example", TYPE_A, "192.0.2.51", 0, 0, 0, 60, NULL, NULL},
    {"udp.three.example", TYPE_A, "192.0.2.52", 0, 0, 0, 60, NULL, NULL},
    {"tls.three.example", TYPE_A, "192.0.2.53", 0, 0, 0, 60, NULL, NULL},
    /* what leads nowhere is passed over: another service, another end, no replacement, no SRV records */
    {"odd.example", TYPE_NAPTR, "_sip._sctp.odd.example", 1, 1, 0, 60, "s", "SIP+D2S"},
    {"odd.example", TYPE_NAPTR, "_sip._udp.three.example", 2, 1, 0, 60, "a", "SIP+D2U"},
    {"odd.example", TYPE_NAPTR, "_sip._udp.three.example", 2, 2, 0, 60, "", "SIP+D2U"},
    {"odd.example", TYPE_NAPTR, "", 2, 3, 0, 60, "s", "SIP+D2U"},
    {"odd.example", TYPE_NAPTR, "_sip._udp.empty.example", 2, 4, 0, 60, "s", "SIP+D2U"},
    {"odd.example", TYPE_NAPTR, "_sip._tcp.three.example", 3, 1, 0, 60, "s", "SIP+D2T"},
    /* nothing of use: as though there were none */
    {"sctp.example", TYPE_NAPTR, "_sip._sctp.sctp.example", 1, 1, 0, 60, "s", "SIP+D2S"},
    {"_sip._tcp.sctp.example", TYPE_SRV, "tcp.three.example", 1, 0, 5065, 60, NULL, NULL},
    {"void.example", TYPE_NAPTR, "_sip._udp.empty.example", 1, 1, 0, 60, "s", "SIP+D2U"},
    {"void.example", TYPE_A, "192.0.2.60", 0, 0, 0, 60, NULL, NULL},
    /* no NAPTR: the SRV names in the order of the ways */
    {"_sips._tcp.plain.example", TYPE_SRV, "tls.three.example", 1, 0, 5066, 60, NULL, NULL},
    {"plain.example", TYPE_A, "192.0.2.61", 0, 0, 0, 60, NULL, NULL},
    {"_sip._udp.partly.example", TYPE_SRV, "", 0, 0, 0, 60, NULL, NULL},
    {"_sip._tcp.partly.example", TYPE_SRV, "tcp.three.example", 1, 0, 5067, 60, NULL, NULL},
};

struct trial {
	struct bench b;
	struct channel *server;
	char servers[64];
	struct resolve *resolve;
	bool silent, garbage;
	uint16_t deaf; /* a type that is not answered for */
	struct row own; /* beside the zone */
	int questions, done;
	char failed[256], targets[RESOLVE_TARGETS_MAX][80];
	size_t targets_n, way;
	int32_t ttl_s;
};

static size_t put_name(char *p, const char *name)
{
	size_t n = 0;

	while (*name) {
		size_t label = strcspn(name, ".");

		p[n++] = (char)label;
		memcpy(p + n, name, label);
		n += label;
		name += label + (name[label] == '.');
	}
	p[n++] = '\0';
	return n;
}

static size_t put_16(char *p, uint16_t v)
{
	p[0] = (char)(v >> 8);
	p[1] = (char)v;
	return 2;
}

static size_t put_text(char *p, const char *text)
{
	size_t n = strlen(text);

	p[0] = (char)n;
	memcpy(p + 1, text, n);
	return n + 1;
}

static size_t put_data(char *p, const struct row *r)
{
	size_t n = 0;

	if (r->type == TYPE_A)
		return inet_pton(AF_INET, r->value, p) == 1 ? 4 : 0;
	if (r->type == TYPE_AAAA)
		return inet_pton(AF_INET6, r->value, p) == 1 ? 16 : 0;
	n += put_16(p + n, r->priority);
	n += put_16(p + n, r->weight);
	if (r->type == TYPE_NAPTR) {
		n += put_text(p + n, r->flags);
		n += put_text(p + n, r->naptr);
		n += put_text(p + n, "");
	} else {
		n += put_16(p + n, r->port);
	}
	return n + put_name(p + n, r->value);
}

static size_t put_row(char *p, const struct row *r)
{
	size_t n = put_name(p, r->name), length_at, length;

	n += put_16(p + n, r->type);
	n += put_16(p + n, 1);
	n += put_16(p + n, (uint16_t)(r->ttl >> 16));
	n += put_16(p + n, (uint16_t)r->ttl);
	length_at = n;
	n += 2;
	length = put_data(p + n, r);
	put_16(p + length_at, (uint16_t)length);
	return n + length;
}

/* "pbx.acme.example" out of the question's labels; returns the bytes they take. */
static size_t read_name(const char *p, size_t n, char *ret)
{
	size_t at = 0, out = 0;

	while (at < n && p[at]) {
		size_t label = (unsigned char)p[at++];

		assert_true(at + label < n && out + label < 200);
		if (out)
			ret[out++] = '.';
		memcpy(ret + out, p + at, label);
		out += label;
		at += label;
	}
	ret[out] = '\0';
	return at + 1;
}

static void on_question(void *arg, struct channel *c, struct slice q, const struct endpoint *peer)
{
	struct trial *t = arg;
	char out[1500], name[256];
	size_t asked, n;
	uint16_t type, answers = 0;
	bool known = false;

	t->questions++;
	if (t->silent)
		return;
	asked = read_name(q.p + 12, q.n - 12, name) + 4;
	type = (uint16_t)((unsigned char)q.p[12 + asked - 4] << 8 |
			  (unsigned char)q.p[12 + asked - 3]);
	if (type == t->deaf)
		return;
	memcpy(out, q.p, 12 + asked);
	n = 12 + asked;
	for (size_t i = 0; i <= ARRAY_LEN(zone); i++) {
		const struct row *r = i < ARRAY_LEN(zone) ? &zone[i] : &t->own;

		if (!r->name || strcmp(r->name, name) != 0)
			continue;
		known = true;
		if (r->type != type)
			continue;
		n += put_row(out + n, r);
		answers++;
	}
	put_16(out + 2, known ? 0x8180 : 0x8183); /* answer, NXDOMAIN */
	put_16(out + 6, answers);
	memset(out + 8, 0, 4);
	if (t->garbage && answers)
		n -= 3;
	channel_send(c, slice_of(out, n), peer);
}

static void on_up(void *arg, struct channel *c, const struct endpoint *local,
		  const struct endpoint *peer)
{
	struct trial *t = arg;

	(void)c;
	(void)peer;
	snprintf(t->servers, sizeof(t->servers), "127.0.0.1:%u", local->port);
}

static bool server_is_up(void *arg)
{
	return ((struct trial *)arg)->servers[0] != '\0';
}

static bool is_done(void *arg)
{
	return ((struct trial *)arg)->done > 0;
}

static int set_up(void **state)
{
	static const struct channel_handlers handlers = {.connected = on_up, .bytes = on_question};
	const struct channel_spec spec = {.transport = CHANNEL_UDP, .host = "127.0.0.1"};
	struct trial *t = calloc(1, sizeof(*t));

	bench_open(&t->b);
	assert_int_equal(channel_listen(&t->server, t->b.loop, &spec, &handlers, t), ERR_OK);
	RUN_UNTIL(&t->b, server_is_up, t);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct trial *t = *state;

	channel_close(t->server);
	loop_free(t->b.loop);
	free(t);
	return 0;
}

static void on_done(void *arg, const struct resolve_answer *a)
{
	struct trial *t = arg;
	struct endpoint e;

	t->done++;
	t->ttl_s = a->ttl_s;
	t->targets_n = a->targets_n;
	t->way = a->way;
	assert_true((a->targets_n == 0) == (a->failed != NULL));
	if (a->failed)
		snprintf(t->failed, sizeof(t->failed), "%s", a->failed);
	for (size_t i = 0; i < a->targets_n; i++) {
		endpoint_show(&a->targets[i].address.any, &e);
		snprintf(t->targets[i], sizeof(t->targets[i]), "%s:%u", e.host, e.port);
	}
}

static void start_query(struct trial *t, struct resolve_query *q)
{
	q->servers = t->servers;
	t->done = 0;
	t->failed[0] = '\0';
	t->targets_n = 0;
	assert_int_equal(resolve_start(&t->resolve, t->b.loop, q, on_done, t), ERR_OK);
}

static void start(struct trial *t, const char *host, uint16_t port, const char *service,
		  int32_t timeout_ms)
{
	start_query(t, &(struct resolve_query){.host = host,
					       .port = port,
					       .service = service,
					       .default_port = 5060,
					       .timeout_ms = timeout_ms});
	assert_int_equal(t->done, 0); /* never from inside the call */
}

static void ask(struct trial *t, const char *host, uint16_t port, const char *service)
{
	start(t, host, port, service, 0);
	RUN_UNTIL(&t->b, is_done, t);
	assert_int_equal(t->done, 1);
}

static void expect(struct trial *t, size_t n, const char *first)
{
	assert_int_equal(t->targets_n, n);
	assert_string_equal(t->targets[0], first);
}

static void numeric_hosts_ask_nobody(void **state)
{
	struct trial *t = *state;

	ask(t, "192.0.2.7", 5061, "_sip._udp");
	expect(t, 1, "192.0.2.7:5061");
	ask(t, "192.0.2.7", 0, "_sip._udp");
	expect(t, 1, "192.0.2.7:5060");
	ask(t, "[2001:db8::1]", 5062, NULL);
	expect(t, 1, "2001:db8::1:5062");
	ask(t, "", 5060, NULL);
	expect(t, 2, ":::5060");
	assert_int_equal(t->questions, 0);
}

static void the_hosts_file_comes_before_the_dns(void **state)
{
	struct trial *t = *state;
	bool four = false;

	ask(t, "localhost", 5060, NULL);
	for (size_t i = 0; i < t->targets_n; i++)
		four |= strcmp(t->targets[i], "127.0.0.1:5060") == 0;
	assert_true(four);
	assert_int_equal(t->questions, 0);
}

static void addresses_of_both_families_with_the_shortest_ttl(void **state)
{
	struct trial *t = *state;

	ask(t, "pbx.acme.example", 5061, "_sip._udp"); /* a port: no SRV */
	assert_int_equal(t->targets_n, 2);
	assert_int_equal(t->ttl_s, 40);
	ask(t, "six.acme.example", 5061, NULL);
	expect(t, 1, "2001:db8::6:5061");
}

static void srv_targets_come_by_priority_and_missing_ones_are_passed_over(void **state)
{
	struct trial *t = *state;

	ask(t, "acme.example", 0, "_sip._udp");
	expect(t, 2, "192.0.2.10:5080");
	assert_string_equal(t->targets[1], "192.0.2.20:5070");
}

static void without_srv_the_host_itself_with_the_default_port(void **state)
{
	struct trial *t = *state;

	ask(t, "only.example", 0, "_sip._udp");
	expect(t, 1, "192.0.2.40:5060");
	ask(t, "only.example", 0, NULL);
	expect(t, 1, "192.0.2.40:5060");
}

/* RFC 2782: a target of "." says that the service is decidedly not available at this domain. */
static void a_root_target_means_no_service(void **state)
{
	struct trial *t = *state;

	ask(t, "none.example", 0, "_sip._udp");
	assert_int_equal(t->targets_n, 0);
	assert_non_null(strstr(t->failed, "no such service"));
}

static void an_unknown_name_fails_in_words(void **state)
{
	struct trial *t = *state;

	ask(t, "unknown.example", 5060, NULL);
	assert_int_equal(t->targets_n, 0);
	assert_ptr_equal(strstr(t->failed, "unknown.example: "), t->failed);
}

static void a_silent_server_ends_in_time(void **state)
{
	struct trial *t = *state;

	t->silent = true;
	start(t, "pbx.acme.example", 5060, NULL, 1000);
	RUN_UNTIL(&t->b, is_done, t);
	assert_int_equal(t->targets_n, 0);
	assert_non_null(strstr(t->failed, "in time"));
	assert_true(t->questions > 0);
}

static void cut_answers_do_no_harm(void **state)
{
	struct trial *t = *state;

	t->garbage = true;
	start(t, "acme.example", 0, "_sip._udp", 1000);
	RUN_UNTIL(&t->b, is_done, t);
	assert_int_equal(t->targets_n, 0);
}

static bool was_asked(void *arg)
{
	return ((struct trial *)arg)->questions > 0;
}

static void a_query_can_be_given_up_at_any_stage(void **state)
{
	struct trial *t = *state;

	start(t, "192.0.2.1", 1, NULL, 0);
	resolve_cancel(t->resolve);
	start(t, "localhost", 1, NULL, 0);
	resolve_cancel(t->resolve);
	start(t, "acme.example", 0, "_sip._udp", 0);
	resolve_cancel(t->resolve);
	t->questions = 0;
	start(t, "acme.example", 0, "_sip._udp", 0);
	RUN_UNTIL(&t->b, was_asked, t);
	resolve_cancel(t->resolve);
	ask(t, "only.example", 1, NULL); /* turns pass */
	assert_int_equal(t->done, 1);
}

static const struct resolve_way ways[] = {{"SIP+D2U", "_sip._udp", 5060},
					   {"SIP+D2T", "_sip._tcp", 5060},
					   {"SIPS+D2T", "_sips._tcp", 5061}};
enum { UDP, TCP, TLS, NO_WAY };

/* RFC 3263 4.1 and 4.2, row by row: which transport, which address. */
static void an_open_transport_is_found(void **state)
{
	static const struct {
		const char *host;
		uint16_t port, deaf;
		size_t first, ways_n, way; /* of `ways` those from first on; NO_WAY: it fails */
		const char *target;
	} rows[] = {
	    {"three.example", 0, 0, UDP, 3, TLS, "192.0.2.53:5064"},
	    {"three.example", 0, 0, UDP, 2, UDP, "192.0.2.52:5063"}, /* no TLS to be had */
	    {"three.example", 0, 0, TLS, 1, TLS, "192.0.2.53:5064"}, /* sips: */
	    {"odd.example", 0, 0, UDP, 3, TCP, "192.0.2.51:5062"},
	    {"sctp.example", 0, 0, UDP, 3, TCP, "192.0.2.51:5065"},
	    {"void.example", 0, 0, UDP, 3, UDP, "192.0.2.60:5060"},
	    {"plain.example", 0, 0, UDP, 3, TLS, "192.0.2.53:5066"},
	    {"partly.example", 0, 0, UDP, 3, TCP, "192.0.2.51:5067"},
	    {"acme.example", 0, 0, UDP, 3, UDP, "192.0.2.10:5080"},
	    {"only.example", 0, 0, UDP, 3, UDP, "192.0.2.40:5060"},
	    {"only.example", 0, 0, TLS, 1, TLS, "192.0.2.40:5061"},
	    {"none.example", 0, 0, UDP, 3, NO_WAY, NULL},
	    {"unknown.example", 0, 0, UDP, 3, NO_WAY, NULL},
	    /* a port, or an address: nothing is asked for but addresses */
	    {"three.example", 5070, 0, UDP, 3, NO_WAY, NULL},
	    {"only.example", 5070, 0, UDP, 3, UDP, "192.0.2.40:5070"},
	    {"192.0.2.9", 0, 0, UDP, 3, UDP, "192.0.2.9:5060"},
	    /* a server that never answers for a type that it does not know */
	    {"three.example", 0, TYPE_NAPTR, UDP, 3, UDP, "192.0.2.52:5063"},
	    {"only.example", 0, TYPE_SRV, UDP, 3, UDP, "192.0.2.40:5060"},
	};
	struct trial *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct resolve_query q = {.host = rows[i].host, .port = rows[i].port};

		q.ways = ways + rows[i].first;
		q.ways_n = rows[i].ways_n;
		t->deaf = rows[i].deaf;
		start_query(t, &q);
		RUN_UNTIL(&t->b, is_done, t);
		if ((rows[i].way == NO_WAY) != (t->targets_n == 0))
			fail_msg("%s: %zu targets, %s", rows[i].host, t->targets_n, t->failed);
		if (rows[i].way == NO_WAY)
			continue;
		if (t->way + rows[i].first != rows[i].way || strcmp(t->targets[0], rows[i].target) != 0)
			fail_msg("%s: way %zu, %s", rows[i].host, t->way, t->targets[0]);
	}
}

/* A channel becomes what DNS says, and says so. */
static void a_channel_of_open_transport(void **state)
{
	static const struct channel_way channel_ways[] = {
	    {CHANNEL_UDP, "SIP+D2U", "_sip._udp", 5060}, {CHANNEL_TCP, "SIP+D2T", "_sip._tcp", 5060}};
	struct trial *t = *state;
	static struct side server, client;
	struct channel_spec spec = {.host = "dyn.example",
				    .ways = channel_ways,
				    .ways_n = 2,
				    .skip = 3, /* of UDP's targets only */
				    .dns_servers = t->servers};

	memset(&server, 0, sizeof(server));
	memset(&client, 0, sizeof(client));
	side_listen(&t->b, &server, CHANNEL_TCP, NULL);
	t->own = (struct row){"_sip._tcp.dyn.example", TYPE_SRV, "localhost", 1, 1,
			      server.local.port, 60, NULL, NULL};
	assert_int_equal(channel_connect(&client.c, t->b.loop, &spec, &side_handlers, &client), ERR_OK);
	RUN_UNTIL(&t->b, side_is_up, &client);
	assert_int_equal(channel_transport(client.c), CHANNEL_TCP);
	side_close(&client);
	memset(&client, 0, sizeof(client));
	spec.host = "only.example"; /* says nothing: UDP, which needs nobody there */
	assert_int_equal(channel_connect(&client.c, t->b.loop, &spec, &side_handlers, &client), ERR_OK);
	RUN_UNTIL(&t->b, side_is_up, &client);
	assert_int_equal(channel_transport(client.c), CHANNEL_UDP);
	side_close(&client);
	side_close(&server);
}

static void a_silent_server_ends_an_open_query_in_time(void **state)
{
	struct trial *t = *state;

	t->silent = true;
	start_query(t, &(struct resolve_query){
			   .host = "three.example", .ways = ways, .ways_n = 3, .timeout_ms = 200});
	RUN_UNTIL(&t->b, is_done, t);
	assert_int_equal(t->targets_n, 0);
	assert_non_null(strstr(t->failed, "in time"));
}

static void cut_naptr_answers_do_no_harm(void **state)
{
	struct trial *t = *state;

	t->garbage = true;
	start_query(t, &(struct resolve_query){
			   .host = "three.example", .ways = ways, .ways_n = 3, .timeout_ms = 400});
	RUN_UNTIL(&t->b, is_done, t);
	assert_int_equal(t->targets_n, 0);
}

static void names_too_long_are_refused(void **state)
{
	struct trial *t = *state;
	char name[400];
	const struct resolve_query q = {.host = name, .port = 1};

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(resolve_start(&t->resolve, t->b.loop, &q, on_done, t), ERR_MALFORMED);
	name[250] = '\0'; /* a label of 250: c-ares says no */
	ask(t, name, 0, "_sip._udp");
	assert_int_equal(t->targets_n, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(numeric_hosts_ask_nobody),
	    CASE(the_hosts_file_comes_before_the_dns),
	    CASE(addresses_of_both_families_with_the_shortest_ttl),
	    CASE(srv_targets_come_by_priority_and_missing_ones_are_passed_over),
	    CASE(without_srv_the_host_itself_with_the_default_port),
	    CASE(a_root_target_means_no_service),
	    CASE(an_unknown_name_fails_in_words),
	    CASE(a_silent_server_ends_in_time),
	    CASE(cut_answers_do_no_harm),
	    CASE(a_query_can_be_given_up_at_any_stage),
	    CASE(an_open_transport_is_found),
	    CASE(a_channel_of_open_transport),
	    CASE(a_silent_server_ends_an_open_query_in_time),
	    CASE(cut_naptr_answers_do_no_harm),
	    CASE(names_too_long_are_refused),
	};
	return cmocka_run_group_tests_name("io/resolve", tests, NULL, NULL);
}
