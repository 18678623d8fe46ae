/* What `offhookd -n` says of the folders that a start needs. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/places.h"

static char dir[64];
static struct conf_errors errs;

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/offhook-places-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(dir); /* also: nothing was left in it */
}

static enum err try(const char *data, const char *socket)
{
	struct conf c = { .server = { .data = data, .socket = socket } };

	errs = (struct conf_errors){ 0 };
	return places_check(&c, "offhook.yaml", &errs);
}

static void folders_that_are_there_or_can_be_made(void **state)
{
	char data[100], socket[120];
	struct stat st;
	(void)state;

	snprintf(data, sizeof(data), "%s/data", dir);
	snprintf(socket, sizeof(socket), "%s/run/api.sock", dir);
	assert_int_equal(try(data, socket), ERR_OK);
	assert_int_not_equal(stat(data, &st), 0);
	snprintf(socket, sizeof(socket), "%s/api.sock", data);
	assert_int_equal(try(data, socket), ERR_OK);
	assert_int_equal(try(dir, socket), ERR_OK);
	assert_int_equal(errs.n, 0);
}

static void folders_that_cannot_be_had(void **state)
{
	char text[800];
	(void)state;

	assert_int_equal(try("/proc/x", "/proc/x/api.sock"), ERR_MALFORMED);
	assert_int_equal(errs.errors, 1);
	conf_error_text(&errs.list[0], text, sizeof(text));
	assert_non_null(strstr(text, "offhook.yaml: server.data: the folder /proc/x cannot be used"));
	assert_non_null(strstr(text, "name another"));
	assert_int_equal(try(dir, "/nowhere/at/all/api.sock"), ERR_MALFORMED);
	conf_error_text(&errs.list[0], text, sizeof(text));
	assert_non_null(strstr(text, "server.socket: the folder /nowhere/at/all"));
	assert_int_equal(try("/dev/null", "/dev/null/api.sock"), ERR_MALFORMED); /* no folder */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_that_are_there_or_can_be_made),
		cmocka_unit_test(folders_that_cannot_be_had),
	};
	return cmocka_run_group_tests_name("daemon/places", tests, set_up, tear_down);
}
