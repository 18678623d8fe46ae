#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/publish.h"

/* Who may follow whom, by hand. Rows: from; columns: to, in the order of the enum. */
static const char *const moves[PUBLISH_STATE_COUNT] = {
	/*             idle dwell want in-flight backoff denied */
	/* idle      */ "x    x     x    .         x       x",
	/* dwell     */ "x    x     x    .         x       x",
	/* want      */ ".    .     .    x         .       .",
	/* in-flight */ "x    .     x    x         x       x",
	/* backoff   */ "x    x     x    .         x       .",
	/* denied    */ "x    x     x    .         .       x",
};

static bool listed(int from, int to)
{
	const char *at = moves[from];

	while (to-- > 0) {
		at++;
		at += strspn(at, " ");
	}
	return *at == 'x';
}

static bool dies(int from, int to)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit no_core = { 0, 0 };
		uint8_t state = (uint8_t)from;

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		sm_move(publish_moves, &state, (uint8_t)to);
		_exit(state == to ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void every_move(void **state)
{
	(void)state;
	for (int from = 0; from < PUBLISH_STATE_COUNT; from++) {
		for (int to = 0; to < PUBLISH_STATE_COUNT; to++) {
			assert_int_equal(sm_may(publish_moves, (uint8_t)from, (uint8_t)to),
					 listed(from, to));
			assert_int_equal(dies(from, to), !listed(from, to));
		}
	}
}

static void states_have_names(void **state)
{
	(void)state;
	assert_string_equal(publish_state_name(PUBLISH_IDLE), "idle");
	assert_string_equal(publish_state_name(PUBLISH_DENIED), "denied");
	assert_string_equal(publish_state_name(PUBLISH_STATE_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_move),
		cmocka_unit_test(states_have_names),
	};
	return cmocka_run_group_tests_name("core/publish", tests, NULL, NULL);
}
