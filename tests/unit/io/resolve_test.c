/* Against a DNS server made of a UDP channel in the same loop: it knows the rows of `zone`. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "io_test.h"

#include "io/resolve.h"

enum { TYPE_A = 1, TYPE_AAAA = 28, TYPE_SRV = 33 };

struct row {
	const char *name;
	uint16_t type;
	const char *value; /* address, or target of SRV */
	uint16_t priority, weight, port;
	uint32_t ttl;
};

static const struct row zone[] = {
    {"pbx.acme.example", TYPE_A, "192.0.2.1", 0, 0, 0, 60},
    {"pbx.acme.example", TYPE_A, "192.0.2.2", 0, 0, 0, 40},
    {"six.acme.example", TYPE_AAAA, "2001:db8::6", 0, 0, 0, 600},
    {"_sip._udp.acme.example", TYPE_SRV, "second.acme.example", 20, 0, 5070, 60},
    {"_sip._udp.acme.example", TYPE_SRV, "first.acme.example", 10, 0, 5080, 60},
    {"_sip._udp.acme.example", TYPE_SRV, "missing.acme.example", 15, 0, 5090, 60},
    {"first.acme.example", TYPE_A, "192.0.2.10", 0, 0, 0, 60},
    {"second.acme.example", TYPE_A, "192.0.2.20", 0, 0, 0, 60},
    {"_sip._udp.none.example", TYPE_SRV, "", 0, 0, 0, 60}, /* the root: no such service */
    {"none.example", TYPE_A, "192.0.2.30", 0, 0, 0, 60},
    {"only.example", TYPE_A, "192.0.2.40", 0, 0, 0, 60},
};

struct trial {
	struct bench b;
	struct channel *server;
	char servers[64];
	struct resolve *resolve;
	bool silent, garbage;
	int questions, done;
	char failed[256], targets[RESOLVE_TARGETS_MAX][80];
	size_t targets_n;
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

static size_t put_data(char *p, const struct row *r)
{
	size_t n = 0;

	if (r->type == TYPE_A)
		return inet_pton(AF_INET, r->value, p) == 1 ? 4 : 0;
	if (r->type == TYPE_AAAA)
		return inet_pton(AF_INET6, r->value, p) == 1 ? 16 : 0;
	n += put_16(p + n, r->priority);
	n += put_16(p + n, r->weight);
	n += put_16(p + n, r->port);
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
	memcpy(out, q.p, 12 + asked);
	n = 12 + asked;
	for (size_t i = 0; i < ARRAY_LEN(zone); i++) {
		known |= strcmp(zone[i].name, name) == 0;
		if (strcmp(zone[i].name, name) != 0 || zone[i].type != type)
			continue;
		n += put_row(out + n, &zone[i]);
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
	assert_true((a->targets_n == 0) == (a->failed != NULL));
	if (a->failed)
		snprintf(t->failed, sizeof(t->failed), "%s", a->failed);
	for (size_t i = 0; i < a->targets_n; i++) {
		endpoint_show(&a->targets[i].address.any, &e);
		snprintf(t->targets[i], sizeof(t->targets[i]), "%s:%u", e.host, e.port);
	}
}

static void start(struct trial *t, const char *host, uint16_t port, const char *service,
		  int32_t timeout_ms)
{
	const struct resolve_query q = {host, port, service, 5060, t->servers, timeout_ms};

	t->done = 0;
	t->failed[0] = '\0';
	assert_int_equal(resolve_start(&t->resolve, t->b.loop, &q, on_done, t), ERR_OK);
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
	    CASE(names_too_long_are_refused),
	};
	return cmocka_run_group_tests_name("io/resolve", tests, NULL, NULL);
}
