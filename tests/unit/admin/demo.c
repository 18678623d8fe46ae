/* demo [USERS]: the live page with invented people who make calls, until ended; for looking at it.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct harness_options o = {.users = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 60,
				    .listen = argc > 2 ? argv[2] : NULL};
	struct admin_command cmd;
	struct harness h;

	harness_start(&h, &o);
	printf("http://127.0.0.1:%u/ %s\n", h.port, h.socket_path);
	fflush(stdout);
	for (unsigned step = 1;; step++) {
		usleep(50000);
		admin_beat(h.admin);
		harness_user(&h, step * 17 % o.users, step);
		while (admin_take(h.admin, &cmd)) {
			admin_answer(h.admin, cmd.id, 200, NULL);
			admin_command_fini(&cmd);
		}
	}
}
