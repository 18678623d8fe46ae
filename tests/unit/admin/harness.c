#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "core/engine.h"
#include "store/store.h"

/* Read by the admin thread too. */
static atomic_llong still_mono_ms, still_wall_ms; /* 0: the clocks run */

static int64_t real_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t harness_mono_ms(void)
{
	int64_t still = atomic_load(&still_mono_ms);

	return still ? still : real_ms(CLOCK_MONOTONIC);
}

int64_t harness_wall_ms(void)
{
	int64_t still = atomic_load(&still_wall_ms);

	return still ? still : real_ms(CLOCK_REALTIME);
}

void harness_stand_still(void)
{
	atomic_store(&still_mono_ms, real_ms(CLOCK_MONOTONIC));
	atomic_store(&still_wall_ms, real_ms(CLOCK_REALTIME));
}

void harness_pass(int64_t ms)
{
	CHECK(atomic_load(&still_mono_ms));
	atomic_fetch_add(&still_mono_ms, ms);
	atomic_fetch_add(&still_wall_ms, ms);
}

static void wake(void *arg)
{
	struct harness *h = arg;

	if (write(h->wake[1], "w", 1) != 1 && errno != EAGAIN)
		abort();
}

static void open_store(struct harness *h)
{
	const struct store_options o = {.dir = h->folder, .commit_ms = 5};
	char why[STORE_WHY_MAX] = "";

	if (store_open(&h->store, &o, why) || admin_set_store(h->admin, h->store, h->first_password, why)) {
		fprintf(stderr, "store: %s\n", why);
		abort();
	}
}

void harness_start(struct harness *h, const struct harness_options *o)
{
	struct admin_config c = {0};
	char why[200] = "";

	memset(h, 0, sizeof(*h));
	snprintf(h->folder, sizeof(h->folder), "/tmp/offhook-admin-XXXXXX");
	CHECK(mkdtemp(h->folder));
	CHECK(pipe2(h->wake, O_NONBLOCK | O_CLOEXEC) == 0);
	snprintf(h->socket_path, sizeof(h->socket_path), "%s/api.sock", h->folder);
	c = (struct admin_config){.listen = o && o->listen ? o->listen : "127.0.0.1:0",
				  .socket_path = h->socket_path,
				  .accounts_max = 8,
				  .connectors_max = 16,
				  .users_max = 20000,
				  .mono_ms = harness_mono_ms,
				  .wall_ms = harness_wall_ms,
				  .wake = wake,
				  .password_cost = 4, /* fast, whatever machine */
				  .open_read = true,
				  .arg = h};
	if (o) {
		c.certificate = o->certificate;
		c.key = o->key;
		c.request_ms = o->request_ms;
		c.command_ms = o->command_ms;
		c.url = o->url;
		c.open_read = !o->closed;
	}
	if (admin_start(&h->admin, &c, why, sizeof(why))) {
		fprintf(stderr, "admin_start: %s\n", why);
		abort();
	}
	h->port = admin_port(h->admin);
	if (o && o->with_store)
		open_store(h);
	harness_fill(h, o && o->users ? o->users : 7);
}

void harness_stop(struct harness *h)
{
	static const char *const files[] = {"offhook.db", "offhook.db-wal", "offhook.db-shm", "offhook.lock"};
	char path[128];

	admin_stop(h->admin);
	atomic_store(&still_mono_ms, 0);
	atomic_store(&still_wall_ms, 0);
	if (h->store)
		store_close(h->store);
	for (size_t i = 0; h->store && i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", h->folder, files[i]);
		unlink(path);
	}
	rmdir(h->folder);
	close(h->wake[0]);
	close(h->wake[1]);
}

/* ---- invented people ---- */

static void put_health(struct harness *h)
{
	static const struct admin_counter notes[] = {{"malformed", 3}, {"forged", 1}};
	static const struct admin_counter graph[] = {{"throttled", 2}};
	struct admin_account a = {.account = 0,
				  .name = SLICE_LIT("acme"),
				  .mode = MODE_LIVE,
				  .token = 2,
				  .token_good_until_wall_ms = harness_wall_ms() + 3000000,
				  .quota = 1500,
				  .window_ms = 30000,
				  .sent_in_window = 212,
				  .sent = 90211,
				  .accepted = 90190,
				  .queued = {1, 0, 4},
				  .delay_sum_ms = 9000,
				  .delay_count = 100,
				  .counters = graph,
				  .counters_n = 1};
	struct admin_connector c = {.account = 0,
				    .connector = 0,
				    .name = SLICE_LIT("hq"),
				    .type = SLICE_LIT("sip"),
				    .server = SLICE_LIT("sip:pbx.acme.example;transport=tls"),
				    .up = true,
				    .since_wall_ms = harness_wall_ms() - 7200000,
				    .lines = 40,
				    .live = 40,
				    .received = 812,
				    .sent = 90,
				    .counters = notes,
				    .counters_n = 2};

	CHECK(!admin_put_account(h->admin, &a));
	a = (struct admin_account){.account = 1,
				   .name = SLICE_LIT("umbrella & sons"),
				   .realm = 1,
				   .mode = MODE_DRY_RUN,
				   .token = 3,
				   .token_error =
				       SLICE_LIT("AADSTS7000215: Invalid client secret provided."),
				   .quota = 1500,
				   .window_ms = 30000};
	CHECK(!admin_put_account(h->admin, &a));
	CHECK(!admin_put_connector(h->admin, &c));
	c.connector = 1;
	c.name = SLICE_LIT("branch");
	c.up = false;
	c.live = 0;
	c.state = SLICE_LIT("no route to host; next try in 20 s");
	CHECK(!admin_put_connector(h->admin, &c));
	c = (struct admin_connector){.account = 1,
				     .connector = 2,
				     .name = SLICE_LIT("mivo"),
				     .type = SLICE_LIT("sip"),
				     .server = SLICE_LIT("sip:pbx3"),
				     .up = true,
				     .lines = 3,
				     .live = 3,
				     .since_wall_ms = harness_wall_ms() - 5000};
	CHECK(!admin_put_connector(h->admin, &c));
}

static const char *const first_names[] = {
    "Ana",   "Béla", "Chioma", "Dmitri", "Esra",  "Fatima", "Goran",   "Hana", "Ines", "Jonas",
    "Keiko", "Lars", "Mei",    "Noor",	 "Oskar", "Priya",  "Quentin", "Rosa", "Sana", "Tomás"};
static const char *const last_names[] = {
    "Abadi",  "Bergström", "Chen",     "Dubois",    "Eriksen", "Fischer",  "García", "Horváth",
    "Ivanov", "Jansen",	   "Kowalski", "Lindqvist", "Meyer",   "Nakamura", "Okafor", "Petrović"};

static struct admin_line line_of(uint32_t i, uint32_t k, unsigned step, char number[static 8])
{
	static const uint8_t calls[] = {CALL_GONE,    CALL_GONE, CALL_GONE, CALL_TALKING,
					CALL_RINGING, CALL_HELD, CALL_GONE, CALL_CONFERENCE};
	unsigned mood = (i * 7 + k * 3 + step) % 8;
	struct admin_line l = {.line = i * 4 + k,
			       .connector = k == 1	 ? 1
					    : i % 5 == 4 ? 2
							 : 0,
			       .sync =
				   k == 1 ? (i % 3 ? LINE_STANDING : LINE_EXPIRED) : LINE_SYNCED,
			       .call = calls[mood],
			       .calls = calls[mood] != CALL_GONE,
			       .registered = true,
			       .link = 2,
			       .dnd = mood == 6 && i % 3 == 0,
			       .since_wall_ms = harness_wall_ms() - 1000 * (int64_t)(i % 4000),
			       .last_report_wall_ms = harness_wall_ms() - 500};

	snprintf(number, 8, "%u", 200 + i * 2 + k);
	l.number = slice_str(number);
	l.presence = l.dnd		      ? PRESENCE_DND
		     : l.call >= CALL_DIALING ? PRESENCE_BUSY
					      : PRESENCE_AVAILABLE;
	if (i % 11 == 10 && k == 0) {
		l.registered = false;
		l.presence = PRESENCE_OFFLINE;
		l.call = CALL_GONE;
	}
	if (l.sync == LINE_EXPIRED)
		l.presence = PRESENCE_UNKNOWN;
	if (k == 1) {
		l.link = 3;
		l.last_status = 503;
		l.reason = SLICE_LIT("no route to host");
	}
	if (k == 0) {
		l.reads_profile = l.writes_profile = true;
		l.pbx_profile = PROFILE_MEETING;
		l.write = LINE_WRITE_REFUSED;
		l.written = PROFILE_AWAY;
		l.refusal = SLICE_LIT("no licence");
	}
	return l;
}

static const uint8_t rank[PRESENCE_COUNT] = {0, 1, 2, 3, 4, 5};

static void combine(struct admin_user *u)
{
	u->winner = WINNER_PROFILE;
	u->combined = u->profile_presence;
	for (uint32_t k = 0; k < u->lines_n; k++)
		if (rank[u->lines[k].presence] > rank[u->combined]) {
			u->combined = u->lines[k].presence;
			u->winner = WINNER_LINE;
			u->winner_line = u->lines[k].line;
		}
	u->desired = u->combined == PRESENCE_BUSY   ? SESSION_CALL
		     : u->combined == PRESENCE_DND  ? SESSION_DND
		     : u->combined == PRESENCE_AWAY ? SESSION_AWAY
						    : SESSION_NONE;
	u->held = u->desired;
}

void harness_user(struct harness *h, uint32_t i, unsigned step)
{
	struct admin_line lines[2];
	char numbers[2][8], email[64], name[64];
	struct admin_user u = {.user = i,
			       .account = i % 5 == 4,
			       .enabled = i % 13 != 12,
			       .settled = i % 3 != 0,
			       .teams_id = SLICE_LIT("6e7b768e-07e2-4810-8459-485f84f8f204"),
			       .generation = step};

	snprintf(email, sizeof(email), "u%u@%s", i,
		 u.account ? "umbrella.example" : "acme.example");
	snprintf(name, sizeof(name), "%s %s", first_names[i % 20], last_names[i / 20 % 16]);
	u.email = slice_str(email);
	u.name = slice_str(name);
	u.lines = lines;
	u.lines_n = i % 6 == 5 ? 0 : i % 3 == 0 ? 2 : 1;
	for (uint32_t k = 0; k < u.lines_n; k++)
		lines[k] = line_of(i, k, step, numbers[k]);
	u.profile = i % 9 == 8 ? PROFILE_AWAY : i % 17 == 3 ? PROFILE_BUSY : PROFILE_AVAILABLE;
	u.profile_presence = (uint8_t)profile_reads_as((enum profile)u.profile);
	u.profile_until_wall_ms =
	    u.profile == PROFILE_AWAY ? harness_wall_ms() + 5400000 : TIME_NEVER;
	combine(&u);
	u.combined_since_wall_ms = harness_wall_ms() - 1000 * (int64_t)(step ? 0 : i % 4000);
	u.lease_end_wall_ms = u.held ? harness_wall_ms() + 600000 - 1000 * (int64_t)(i % 120) : 0;
	u.renew_wall_ms = u.held ? harness_wall_ms() + 400000 : 0;
	u.last_http_status = 200;
	u.seen_known = i % 4 != 3;
	u.seen = u.held ? (uint8_t)session_shows((enum session)u.held) : PRESENCE_AVAILABLE;
	u.seen_pair = u.held == SESSION_CALL   ? SLICE_LIT("Busy/InACall")
		      : u.held == SESSION_DND  ? SLICE_LIT("DoNotDisturb/Presenting")
		      : u.held == SESSION_AWAY ? SLICE_LIT("Away/Away")
					       : SLICE_LIT("Available/Available");
	u.seen_wall_ms = harness_wall_ms() - 4000;
	u.policy = (struct policy){.grace_ms = 120000, .lease_ms = 600000};
	if (i % 19 == 7) {
		u.publish = ADMIN_PUBLISH_BACKING_OFF;
		u.last_http_status = 404;
		u.graph_error = SLICE_LIT("UserNotFound: Resource not found");
		u.request_id = SLICE_LIT("5b1b1c6e-29b5-4a1c-8a9f-1fbb7ad1d1aa");
		u.retry_wall_ms = harness_wall_ms() + 300000;
		u.held = SESSION_NONE;
		u.lease_end_wall_ms = 0;
	}
	CHECK(!admin_put_user(h->admin, &u));
}

void harness_fill(struct harness *h, uint32_t users)
{
	static const struct admin_counter engine[] = {{"events", 99}};
	static const struct admin_counter messages[] = {{"sent", 41}, {"failed", 3}};
	struct admin_engine e = {
	    .users = users, .users_max = 20000, .counters = engine, .counters_n = 1,
	    .messages = messages, .messages_n = 2};

	put_health(h);
	for (uint32_t i = 0; i < users; i++)
		harness_user(h, i, 0);
	admin_put_engine(h->admin, &e);
	admin_set_ready(h->admin, true, "ready");
	admin_beat(h->admin);
}

bool harness_command(struct harness *h, struct admin_command *ret)
{
	struct pollfd p = {.fd = h->wake[0], .events = POLLIN};
	char c;

	return poll(&p, 1, 180000) == 1 && read(h->wake[0], &c, 1) == 1 && admin_take(h->admin, ret);
}

/* ---- a client of exact bytes ---- */

int harness_connect(const struct harness *h, bool by_socket)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(h->port)};
	int fd = socket(by_socket ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = {.tv_sec = 180};

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", h->socket_path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	CHECK(connect(fd, by_socket ? (struct sockaddr *)&un : (struct sockaddr *)&in,
		      by_socket ? sizeof(un) : sizeof(in)) == 0);
	return fd;
}

void harness_send(int fd, const char *bytes)
{
	size_t n = strlen(bytes);

	while (n) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* closed: the answer tells */
		bytes += sent;
		n -= (size_t)sent;
	}
}

const char *reply_header(const struct reply *r, const char *name, char *dst, size_t cap)
{
	struct slice rest = slice_str(r->head ? r->head : ""), line;

	dst[0] = '\0';
	while (slice_split(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');

		if (slice_is_nocase(slice_sub(line, 0, colon), name) &&
		    slice_copy(slice_trim(slice_sub(line, colon + 1, line.n)), dst, cap))
			dst[0] = '\0';
	}
	return dst;
}

void reply_fini(struct reply *r)
{
	free(r->head);
	free(r->body);
	*r = (struct reply){0};
}

void harness_receive(int fd, struct reply *ret)
{
	enum { CAP = 32 << 20 };
	char *all = malloc(CAP), value[32], *end = NULL;
	size_t n = 0, wanted = SIZE_MAX;
	ssize_t got;

	*ret = (struct reply){0};
	while (n < wanted && n < CAP - 1 &&
	       (got = recv(fd, all + n, end ? CAP - 1 - n : 1, 0)) > 0) {
		n += (size_t)got;
		all[n] = '\0';
		if (end || !(end = strstr(all, "\r\n\r\n")))
			continue;
		ret->head = strndup(all, (size_t)(end - all));
		ret->status = n > 12 ? (int)strtol(all + 9, NULL, 10) : 0;
		reply_header(ret, "Content-Length", value, sizeof(value));
		wanted = (size_t)(end - all) + 4 + (size_t)strtoul(value, NULL, 10);
		if (ret->status == 304 || ret->status == 100)
			wanted = n;
	}
	ret->closed = n < wanted;
	ret->body_n = end ? n - (size_t)(end - all) - 4 : 0;
	ret->body = strndup(end ? end + 4 : "", ret->body_n);
	free(all);
}

static int begin(const struct harness *h, bool by_socket, const char *method, const char *path,
		 const char *headers, const char *body)
{
	int fd = harness_connect(h, by_socket);
	char head[4096];

	snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: localhost:%u\r\n", method, path,
		 h->port);
	harness_send(fd, head);
	harness_send(fd, headers);
	if (body) {
		snprintf(head, sizeof(head), "Content-Length: %zu\r\n", strlen(body));
		harness_send(fd, head);
	}
	harness_send(fd, "\r\n");
	if (body)
		harness_send(fd, body);
	return fd;
}

int harness_begin(const struct harness *h, bool by_socket, const char *method, const char *path,
		  const char *body)
{
	return begin(h, by_socket, method, path, "", body);
}

void harness_ask_with(const struct harness *h, const char *method, const char *path, const char *headers,
		      const char *body, struct reply *ret)
{
	int fd = begin(h, false, method, path, headers, body);

	harness_receive(fd, ret);
	close(fd);
}

void harness_ask(const struct harness *h, bool by_socket, const char *method, const char *path,
		 const char *body, struct reply *ret)
{
	int fd = harness_begin(h, by_socket, method, path, body);

	harness_receive(fd, ret);
	close(fd);
}
