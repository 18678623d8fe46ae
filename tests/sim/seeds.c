/* seeds.c - runs seeds of the deterministic simulator; TAP out.
 *
 *   seeds FIRST COUNT   the seeds FIRST.. in turn, for the tests
 *   seeds --fresh S     fresh seeds for S seconds, for `make soak`; the seed of a failure is printed */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "world.h"

enum { ROUNDS = 3, RESTLESS_MS = 40 * 60 * 1000 };

/* The seed also draws the account's rules, the transport and the PBX's manner. */
static struct world_config config_of(uint64_t seed)
{
	static const uint8_t lent[] = { PROFILE_AWAY, PROFILE_BUSY, PROFILE_NOT_AVAILABLE, PROFILE_MEETING };
	const uint64_t bits = seed * 0x9e3779b97f4a7c15u >> 32;

	return (struct world_config){
		.seed = seed,
		.users = 4 + bits % 21,
		.udp = bits >> 5 & 1,
		.kamailio = bits >> 6 & 1,
		.lists = (bits >> 7 & 3) == 0,
		.policy = { .precedence = bits >> 9 & 1 ? PRECEDENCE_CALL_FIRST : PRECEDENCE_CLOUDLINK,
			    .ringing = (bits >> 10 & 3) == 0 ? RINGING_BUSY : RINGING_IGNORE,
			    .busy = (bits >> 12 & 3) == 0 ? BUSY_DND : BUSY_IN_A_CALL,
			    .settle_ms = (bits >> 14 & 3) == 0 ? 2000 : 0,
			    .direction = bits >> 19 & 1 ? DIRECTION_BOTH : DIRECTION_TO_TEAMS,
			    .lend = bits >> 19 & bits >> 24 & 1 ? lent[bits >> 25 & 3] : PROFILE_AVAILABLE,
			    .lend_while = 1 << LAMP_MEETING | 1 << LAMP_DND |
					  (bits >> 27 & 1) << LAMP_CALL,
			    .grace_ms = 120000,
			    .lease_ms = bits >> 16 & 1 ? 600000 : 300000 },
		.lamps = bits >> 19 & 1,
		.dnd_while = bits >> 19 & bits >> 24 & bits >> 28 & 1,
		/* Graph's reads lag, by nothing up to what the lamps reckon with */
		.read_after_ms = bits >> 20 & 1 ? (int64_t)(bits >> 21 & 7) * 7000 : 0,
		.quota = (bits >> 17 & 3) == 0 ? 30 : 1500,
		.window_ms = 30000,
	};
}

static bool run_seed(uint64_t seed, int number)
{
	const struct world_config c = config_of(seed);
	struct world_counts n;
	struct world *w;

	if (world_new(&w, &c)) {
		printf("not ok %d - seed %llu: no world\n", number, (unsigned long long)seed);
		return false;
	}
	bool good = true;
	for (int round = 0; round < ROUNDS && good; round++)
		good = world_run(w, RESTLESS_MS, true) && world_calm(w);
	world_count(w, &n);
	printf("%s %d - seed %llu: %s, %s, %u people, %llu calls, %llu crashes, %llu+%llu faults, "
	       "%llu requests, %llu lamps, %llu lit, %llu lent%s%s\n",
	       good ? "ok" : "not ok", number, (unsigned long long)seed, c.udp ? "udp" : "tcp",
	       c.kamailio ? "kamailio" : "asterisk", c.users, (unsigned long long)n.calls,
	       (unsigned long long)n.crashes, (unsigned long long)n.pbx_faults,
	       (unsigned long long)n.cloud_faults, (unsigned long long)n.presence_requests,
	       (unsigned long long)n.lamps, (unsigned long long)n.lit, (unsigned long long)n.lent,
	       c.policy.lend ? " of " : "", c.policy.lend ? profile_name((enum profile)c.policy.lend) : "");
	if (!good) {
		printf("# %s\n", world_objection(w));
		world_print_steps(w);
	}
	world_free(w);
	return good;
}

/* The same seed gives the same history. */
static bool run_twice(uint64_t seed, int number)
{
	uint64_t prints[2] = { 0, 1 };

	for (int i = 0; i < 2; i++) {
		const struct world_config c = config_of(seed);
		struct world *w;

		if (world_new(&w, &c))
			break;
		world_run(w, RESTLESS_MS, true);
		prints[i] = world_fingerprint(w);
		world_free(w);
	}
	printf("%s %d - seed %llu twice: the same history\n",
	       prints[0] == prints[1] ? "ok" : "not ok", number, (unsigned long long)seed);
	return prints[0] == prints[1];
}

static int run_fresh(long seconds)
{
	const time_t end = time(NULL) + seconds;
	int n = 0;

	while (time(NULL) < end) {
		uint64_t seed;

		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			return 2;
		if (!run_seed(seed >> 20, ++n)) {
			printf("1..%d\n", n);
			return 1;
		}
		fflush(stdout);
	}
	printf("1..%d\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	bool good = true;

	if (argc != 3) {
		fprintf(stderr, "usage: seeds FIRST COUNT | seeds --fresh SECONDS\n");
		return 2;
	}
	if (strcmp(argv[1], "--fresh") == 0)
		return run_fresh(strtol(argv[2], NULL, 10));
	const uint64_t first = strtoull(argv[1], NULL, 10);
	const int count = (int)strtol(argv[2], NULL, 10);
	for (int i = 0; i < count; i++)
		good &= run_seed(first + (uint64_t)i, i + 1);
	good &= run_twice(first, count + 1);
	printf("1..%d\n", count + 1);
	return good ? 0 : 1;
}
