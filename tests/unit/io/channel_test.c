#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io_test.h"

struct pair {
	struct bench b;
	struct side server, client;
	size_t want;
};

static int set_up(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	bench_open(&p->b);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *p = *state;

	side_close(&p->client);
	side_close(&p->server);
	loop_free(p->b.loop);
	free(p);
	return 0;
}

static void connect_to(struct pair *p, enum channel_transport transport, const char *host)
{
	const struct channel_spec spec = {
	    .transport = transport, .host = host, .port = p->server.local.port};

	assert_int_equal(
	    channel_connect(&p->client.c, p->b.loop, &spec, &side_handlers, &p->client), ERR_OK);
	assert_int_equal(p->client.connected_n, 0); /* never from inside the call */
}

static bool client_has_all(void *arg)
{
	struct pair *p = arg;

	return p->client.bytes_n >= p->want;
}

static bool server_has_all(void *arg)
{
	struct pair *p = arg;

	return p->server.bytes_n >= p->want;
}

static void say(struct pair *p, const char *text)
{
	assert_int_equal(channel_send(p->client.c, slice_str(text), NULL), ERR_OK);
	p->want += strlen(text);
}

static void udp_echoes_and_tells_both_addresses(void **state)
{
	struct pair *p = *state;

	side_listen(&p->b, &p->server, CHANNEL_UDP, NULL);
	p->server.echo = true;
	connect_to(p, CHANNEL_UDP, "127.0.0.1");
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	assert_string_equal(p->client.local.host, "127.0.0.1");
	assert_true(p->client.local.port != 0);
	assert_string_equal(p->client.peer.host, "127.0.0.1");
	assert_int_equal(p->client.peer.port, p->server.local.port);
	say(p, "one");
	say(p, "two");
	RUN_UNTIL(&p->b, client_has_all, p);
	assert_int_equal(p->client.calls, 2); /* messages stay apart */
	assert_memory_equal(p->client.got, "onetwo", 6);
	assert_int_equal(p->server.from.port, p->client.local.port);
	assert_string_equal(p->client.from.host, "127.0.0.1");
	assert_int_equal(p->client.from.port, p->server.local.port);
}

static void udp_takes_the_largest_datagram_and_refuses_a_larger_one(void **state)
{
	static char big[CHANNEL_DATAGRAM_MAX + 1];
	struct pair *p = *state;

	memset(big, 'x', sizeof(big));
	side_listen(&p->b, &p->server, CHANNEL_UDP, NULL);
	connect_to(p, CHANNEL_UDP, "127.0.0.1");
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	assert_int_equal(channel_send(p->client.c, slice_of(big, sizeof(big)), NULL), ERR_LIMIT);
	assert_int_equal(channel_send(p->client.c, slice_of(big, sizeof(big) - 1), NULL), ERR_OK);
	p->want = CHANNEL_DATAGRAM_MAX;
	RUN_UNTIL(&p->b, server_has_all, p);
	assert_int_equal(p->server.calls, 1);
}

/* Nobody listens on the port: the ICMP errors must not end the channel nor eat a later datagram. */
static void udp_survives_icmp_errors(void **state)
{
	struct pair *p = *state;
	struct endpoint dead;

	side_listen(&p->b, &p->server, CHANNEL_UDP, NULL);
	dead = p->server.local;
	channel_close(p->server.c);
	p->server = (struct side){0};
	side_listen(&p->b, &p->server, CHANNEL_UDP, NULL);
	connect_to(p, CHANNEL_UDP, "127.0.0.1");
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	for (int i = 0; i < 20; i++)
		assert_int_equal(channel_send(p->client.c, SLICE_LIT("lost"), &dead), ERR_OK);
	say(p, "found");
	RUN_UNTIL(&p->b, server_has_all, p);
	assert_int_equal(p->client.closed_n, 0);
	assert_slice(slice_of(p->server.got, p->server.got_n), "found");
}

/* More datagrams than one batch: all arrive, in order, over several turns. */
static void udp_bursts_arrive_in_batches(void **state)
{
	struct pair *p = *state;
	uint16_t i;

	side_listen(&p->b, &p->server, CHANNEL_UDP, NULL);
	connect_to(p, CHANNEL_UDP, "127.0.0.1");
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	for (i = 0; i < 200; i++)
		assert_int_equal(channel_send(p->client.c, slice_of((char *)&i, sizeof(i)), NULL),
				 ERR_OK);
	p->want = 400;
	p->b.turns = 0;
	RUN_UNTIL(&p->b, server_has_all, p);
	assert_true(p->b.turns > 3);
	for (i = 0; i < 200; i++)
		assert_memory_equal(p->server.got + 2 * i, &i, 2);
}

/* What a turn sends leaves at its end, in order, though it be more than there is room for; a channel that is
 * closed before sends it first. */
static void udp_sends_what_waits_when_it_closes(void **state)
{
	static char big[20000];
	struct pair *p = *state;

	side_listen(&p->b, &p->server, CHANNEL_UDP, NULL);
	connect_to(p, CHANNEL_UDP, "127.0.0.1");
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	for (char c = 'a'; c < 'a' + 8; c++) {
		memset(big, c, sizeof(big));
		assert_int_equal(channel_send(p->client.c, slice_of(big, sizeof(big)), NULL), ERR_OK);
	}
	say(p, "bye");
	channel_close(p->client.c);
	p->client.c = NULL;
	p->want = 8 * sizeof(big) + 3;
	RUN_UNTIL(&p->b, server_has_all, p);
	assert_int_equal(p->server.calls, 9);
	assert_memory_equal(p->server.got, "aaa", 3); /* as much as a side keeps */
	assert_memory_equal(p->server.got + 2 * sizeof(big), "ccc", 3);
}

static void udp_wildcard_serves_both_families(void **state)
{
	struct pair *p = *state;
	const struct channel_spec any = {.transport = CHANNEL_UDP, .host = ""};

	p->server.echo = true;
	assert_int_equal(channel_listen(&p->server.c, p->b.loop, &any, &side_handlers, &p->server),
			 ERR_OK);
	RUN_UNTIL(&p->b, side_is_up, &p->server);
	connect_to(p, CHANNEL_UDP, "127.0.0.1");
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	say(p, "hello");
	RUN_UNTIL(&p->b, client_has_all, p);
	assert_string_equal(p->server.from.host, "127.0.0.1"); /* not ::ffff:127.0.0.1 */
}

static void tcp_echoes(void **state)
{
	struct pair *p = *state;

	side_listen(&p->b, &p->server, CHANNEL_TCP, NULL);
	p->server.echo = true;
	connect_to(p, CHANNEL_TCP, "127.0.0.1");
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	assert_string_equal(p->client.local.host, "127.0.0.1");
	assert_int_equal(p->client.peer.port, p->server.local.port);
	say(p, "hello");
	RUN_UNTIL(&p->b, client_has_all, p);
	assert_slice(slice_of(p->client.got, p->client.got_n), "hello");
	assert_int_equal(p->server.accepted_n, 1);
	assert_int_equal(p->server.peer.port, p->client.local.port);
}

static void names_are_resolved_from_the_hosts_file(void **state)
{
	struct pair *p = *state;

	side_listen(&p->b, &p->server, CHANNEL_TCP, NULL);
	connect_to(p, CHANNEL_TCP, "localhost"); /* ::1, refused, may come first */
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	assert_string_equal(p->client.peer.host, "127.0.0.1");
}

static void tcp_pieces_are_put_through_in_order(void **state)
{
	struct pair *p = *state;
	char piece[8];

	side_listen(&p->b, &p->server, CHANNEL_TCP, NULL);
	connect_to(p, CHANNEL_TCP, "127.0.0.1");
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	for (int i = 0; i < 1000; i++) {
		piece[0] = (char)('a' + i % 26);
		piece[1] = '\0';
		say(p, piece);
		if (i % 100 == 99)
			RUN_UNTIL(&p->b, server_has_all, p);
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(p->server.got[i], 'a' + i % 26);
}

static void a_closed_port_is_said_in_words(void **state)
{
	struct pair *p = *state;

	side_listen(&p->b, &p->server, CHANNEL_TCP, NULL);
	channel_close(p->server.c);
	p->server.c = NULL;
	connect_to(p, CHANNEL_TCP, "127.0.0.1");
	RUN_UNTIL(&p->b, side_is_closed, &p->client);
	assert_non_null(strstr(p->client.why, "Connection refused"));
	assert_non_null(strstr(p->client.why, "127.0.0.1 port "));
	assert_int_equal(p->client.connected_n, 0);
}

static void an_unknown_name_is_said_in_words(void **state)
{
	const struct channel_spec spec = {.transport = CHANNEL_TCP,
					  .host = "no such name",
					  .port = 1,
					  .connect_ms = 1500,
					  .dns_servers = "127.0.0.1:9"};
	struct pair *p = *state;

	assert_int_equal(
	    channel_connect(&p->client.c, p->b.loop, &spec, &side_handlers, &p->client), ERR_OK);
	RUN_UNTIL(&p->b, side_is_closed, &p->client);
	assert_non_null(strstr(p->client.why, "no such name: "));
}

static void a_port_in_use_is_said_in_words(void **state)
{
	struct channel_spec spec = {.transport = CHANNEL_TCP, .host = "127.0.0.1"};
	struct pair *p = *state;

	side_listen(&p->b, &p->server, CHANNEL_TCP, NULL);
	spec.port = p->server.local.port;
	assert_int_equal(channel_listen(&p->client.c, p->b.loop, &spec, &side_handlers, &p->client),
			 ERR_OK);
	RUN_UNTIL(&p->b, side_is_closed, &p->client);
	assert_non_null(strstr(p->client.why, "cannot listen on 127.0.0.1 port "));
	assert_non_null(strstr(p->client.why, "in use"));
}

static bool one_accepted(void *arg)
{
	return ((struct side *)arg)->accepted_n > 0;
}

static void open_pair(struct pair *p)
{
	side_listen(&p->b, &p->server, CHANNEL_TCP, NULL);
	connect_to(p, CHANNEL_TCP, "127.0.0.1");
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	RUN_UNTIL(&p->b, one_accepted, &p->server);
}

static void the_other_end_closing_is_told(void **state)
{
	struct pair *p = *state;

	open_pair(p);
	channel_close(p->server.accepted[0]);
	p->server.accepted_n = 0;
	RUN_UNTIL(&p->b, side_is_closed, &p->client);
	assert_string_equal(p->client.why, "closed by the other end");
	assert_int_equal(p->server.closed_n, 0); /* the one who closes is not told */
}

static void bytes_before_the_end_arrive_first(void **state)
{
	struct pair *p = *state;

	open_pair(p);
	assert_int_equal(channel_send(p->server.accepted[0], SLICE_LIT("goodbye"), NULL), ERR_OK);
	channel_close(p->server.accepted[0]); /* what was queued is still sent */
	p->server.accepted_n = 0;
	RUN_UNTIL(&p->b, side_is_closed, &p->client);
	assert_slice(slice_of(p->client.got, p->client.got_n), "goodbye");
}

static int raw_connection(uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void a_reset_is_told(void **state)
{
	const struct linger now = {1, 0};
	struct pair *p = *state;
	int fd;

	side_listen(&p->b, &p->server, CHANNEL_TCP, NULL);
	fd = raw_connection(p->server.local.port);
	RUN_UNTIL(&p->b, one_accepted, &p->server);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	close(fd);
	RUN_UNTIL(&p->b, side_is_closed, &p->server);
	assert_string_equal(p->server.why, "Connection reset by peer");
}

/* A PBX that stops reading must not make us keep its bytes for ever. */
static void output_is_bounded(void **state)
{
	static const char block[65536];
	struct pair *p = *state;
	enum err e = ERR_OK;
	int fd, n = 0;

	side_listen(&p->b, &p->server, CHANNEL_TCP, NULL);
	fd = raw_connection(p->server.local.port);
	RUN_UNTIL(&p->b, one_accepted, &p->server);
	while (!e && n++ < 1000)
		e = channel_send(p->server.accepted[0], slice_of(block, sizeof(block)), NULL);
	assert_int_equal(e, ERR_LIMIT);
	assert_int_equal(n, CHANNEL_OUTPUT_MAX / (int)sizeof(block) + 1);
	assert_int_equal(p->server.closed_n, 0); /* not from inside the call */
	RUN_UNTIL(&p->b, side_is_closed, &p->server);
	assert_non_null(strstr(p->server.why, "does not read"));
	close(fd);
}

static bool some_refused(void *arg)
{
	return ((struct side *)arg)->refused_n > 0;
}

static void accepted_connections_are_bounded(void **state)
{
	const struct channel_spec spec = {
	    .transport = CHANNEL_TCP, .host = "127.0.0.1", .accepted_max = 3};
	struct pair *p = *state;
	int fds[4];

	assert_int_equal(channel_listen(&p->server.c, p->b.loop, &spec, &side_handlers, &p->server),
			 ERR_OK);
	RUN_UNTIL(&p->b, side_is_up, &p->server);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fds[i] = raw_connection(p->server.local.port);
	RUN_UNTIL(&p->b, some_refused, &p->server);
	assert_int_equal(p->server.accepted_n, 3);
	assert_string_equal(p->server.refused, "too many connections");
	/* One leaves: there is room again. */
	close(fds[0]);
	RUN_UNTIL(&p->b, side_is_closed, &p->server);
	close(fds[3]);
	fds[0] = raw_connection(p->server.local.port);
	p->server.accepted_n = 3;
	p->want = 2;
	assert_int_equal(write(fds[0], "hi", 2), 2);
	RUN_UNTIL(&p->b, server_has_all, p);
	assert_int_equal(p->server.accepted_n, 4);
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
}

static bool a_tenth_of_the_pause_is_over(void *arg)
{
	struct bench *b = arg;

	if (b->turns == 1)
		loop_wake_at(b->loop, loop_mono_ms(b->loop) + 100);
	return loop_mono_ms(b->loop) >= b->guard_ms - GUARD_MS + 100;
}

/* A flood that uses up the descriptors must not spin the loop, and must end when they are back. */
static void running_out_of_descriptors_pauses_the_listener(void **state)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	struct pair *p = *state;
	struct rlimit was, none;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), probe;

	side_listen(&p->b, &p->server, CHANNEL_TCP, NULL);
	probe = dup(fd);
	close(probe);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = (struct rlimit){(rlim_t)probe, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	sa.sin_port = htons(p->server.local.port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	p->b.turns = 0;
	RUN_UNTIL(&p->b, a_tenth_of_the_pause_is_over, &p->b);
	assert_true(p->b.turns < 10); /* it sleeps */
	assert_int_equal(p->server.accepted_n, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	RUN_UNTIL(&p->b, one_accepted, &p->server);
	close(fd);
}

static void a_connection_outlives_its_listener(void **state)
{
	struct pair *p = *state;

	open_pair(p);
	channel_close(p->server.c);
	p->server.c = NULL;
	p->server.echo = true;
	say(p, "still there?");
	RUN_UNTIL(&p->b, client_has_all, p);
}

static void close_in_bytes(void *arg, struct channel *c, struct slice bytes,
			   const struct endpoint *peer)
{
	struct side *s = arg;

	(void)peer;
	channel_close(c);
	s->c = NULL;
	s->bytes_n += bytes.n;
	memcpy(s->got, bytes.p, bytes.n); /* still readable after the close */
}

static bool has_bytes(void *arg)
{
	return ((struct side *)arg)->bytes_n > 0;
}

static void closing_inside_a_handler_is_safe(void **state)
{
	const enum channel_transport transports[] = {CHANNEL_UDP, CHANNEL_TCP};
	struct channel_handlers h = side_handlers;
	struct pair *p = *state;

	h.bytes = close_in_bytes;
	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		side_listen(&p->b, &p->server, transports[i], NULL);
		p->server.echo = true;
		connect_to(p, transports[i], "127.0.0.1");
		RUN_UNTIL(&p->b, side_is_up, &p->client);
		channel_set_handlers(p->client.c, &h, &p->client);
		say(p, "a");
		say(p, "b");
		RUN_UNTIL(&p->b, has_bytes, &p->client);
		assert_int_equal(p->client.closed_n, 0);
		side_close(&p->server);
		p->server = p->client = (struct side){0};
	}
}

static void closing_before_anything_happened_is_silent(void **state)
{
	const enum channel_transport transports[] = {CHANNEL_UDP, CHANNEL_TCP};
	struct pair *p = *state;

	side_listen(&p->b, &p->server, CHANNEL_TCP, NULL);
	for (size_t i = 0; i < ARRAY_LEN(transports); i++) {
		connect_to(p, transports[i], i ? "localhost" : "127.0.0.1");
		assert_int_equal(channel_send(p->client.c, SLICE_LIT("x"), NULL), ERR_IO);
		channel_close(p->client.c);
		p->client.c = NULL;
	}
	connect_to(p, CHANNEL_TCP, "127.0.0.1");
	RUN_UNTIL(&p->b, one_accepted, &p->server); /* turns pass */
	RUN_UNTIL(&p->b, side_is_up, &p->client);
	assert_int_equal(p->client.connected_n, 1);
	assert_int_equal(p->client.closed_n, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(udp_echoes_and_tells_both_addresses),
	    CASE(udp_sends_what_waits_when_it_closes),
	    CASE(udp_takes_the_largest_datagram_and_refuses_a_larger_one),
	    CASE(udp_survives_icmp_errors),
	    CASE(udp_bursts_arrive_in_batches),
	    CASE(udp_wildcard_serves_both_families),
	    CASE(tcp_echoes),
	    CASE(names_are_resolved_from_the_hosts_file),
	    CASE(tcp_pieces_are_put_through_in_order),
	    CASE(a_closed_port_is_said_in_words),
	    CASE(an_unknown_name_is_said_in_words),
	    CASE(a_port_in_use_is_said_in_words),
	    CASE(the_other_end_closing_is_told),
	    CASE(bytes_before_the_end_arrive_first),
	    CASE(a_reset_is_told),
	    CASE(output_is_bounded),
	    CASE(accepted_connections_are_bounded),
	    CASE(running_out_of_descriptors_pauses_the_listener),
	    CASE(a_connection_outlives_its_listener),
	    CASE(closing_inside_a_handler_is_safe),
	    CASE(closing_before_anything_happened_is_silent),
	};
	return cmocka_run_group_tests_name("io/channel", tests, NULL, NULL);
}
