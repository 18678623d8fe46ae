/* Recorded traffic of real Asterisks fed to the connector: our own recordings in tests/vectors/ami, and the
 * captures beside the project, where they are. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rig.h"
#include "test.h"

enum { LINE_1 = 1001, LINES = 10 };

static const char *folder;

/* The file whose name ends so, with the recording's ActionID changed into that of the last action so
 * named; NULL: the folder has none. The caller frees. */
static char *recorded(const char *end, const char *action)
{
	struct dirent *d;
	char path[1024] = "";
	char *text = NULL;
	size_t n = 0;
	DIR *dir = opendir(folder);
	int c, last = '\n';

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		size_t len = strlen(d->d_name);

		if (len > strlen(end) && strcmp(d->d_name + len - strlen(end), end) == 0)
			snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
	}
	closedir(dir);
	if (!path[0])
		return NULL;
	FILE *in = fopen(path, "r"), *out = open_memstream(&text, &n);
	while ((c = fgetc(in)) != EOF) {
		if (c == '\r')
			continue;
		fputc(c, out);
		if (last == '\n' && c == 'A' && action) { /* ActionID: x1 */
			char line[256];

			if (fgets(line, sizeof(line), in)) {
				if (strncmp(line, "ctionID: ", 9) == 0)
					fprintf(out, "ctionID: @%s\n", action);
				else
					fprintf(out, "%.*s\n", (int)strcspn(line, "\r\n"), line);
			}
			c = '\n';
		}
		last = c;
	}
	fclose(in);
	fclose(out);
	return text;
}

static void play(struct rig *r, const char *end, const char *action)
{
	char *text = recorded(end, action);

	assert_non_null(text);
	rig_say(r, text);
	free(text);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

/* The three lists of the recording, told for ten lines. */
static void up_with_lists(struct rig *r)
{
	rig_open(r, NULL);
	for (uint32_t i = 0; i < LINES; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", LINE_1 + i);
		rig_line(r, LINE_1 + i, number);
	}
	rig_up(r, NULL);
	rig_told(r);
	play(r, "-extensionstatelist.txt", "ExtensionStateList");
	play(r, "-devicestatelist.txt", "DeviceStateList");
	play(r, "-presencestatelist.txt", "PresenceStateList");
	const char *told = rig_told(r);
	assert_int_equal(count(told, " call gone full\n"), LINES);
	assert_int_equal(count(told, " here\n"), LINES);
	assert_int_equal(count(told, " profile "), LINES);
}

static void a_call(void **state)
{
	struct rig r;

	(void)state;
	up_with_lists(&r);
	play(&r, "-call-events.txt", NULL);
	const char *told = rig_told(&r);
	assert_int_equal(count(told, " call talking full\n"), 2);
	assert_in_range(count(told, " call ringing full\n"), 1, 2);
	assert_int_equal(count(told, "dnd"), 0);
	rig_close(&r);
}

static void dnd(void **state)
{
	struct rig r;

	(void)state;
	up_with_lists(&r);
	char *freepbx = recorded("-freepbx-dnd.txt", NULL);
	if (freepbx)
		rig_say(&r, freepbx);
	else
		play(&r, "-dnd.txt", NULL);
	free(freepbx);
	const char *told = rig_told(&r);
	assert_int_equal(count(told, "dnd on\n"), 1);
	assert_int_equal(count(told, "dnd off\n"), 1);
	assert_int_equal(count(told, "call"), 0);
	rig_close(&r);
}

static void presence(void **state)
{
	struct rig r;

	(void)state;
	up_with_lists(&r);
	play(&r, "-presence.txt", NULL);
	const char *told = rig_told(&r);
	assert_in_range(count(told, "profile"), 2, 3);
	assert_non_null(strstr(told, "profile available part\n"));
	assert_int_equal(count(told, "call"), 0);
	rig_close(&r);
}

static void run(const char *base, const char *name)
{
	static char path[512], names[3][160];
	const struct CMUnitTest tests[] = {
		{ names[0], a_call, NULL, NULL, NULL },
		{ names[1], dnd, NULL, NULL, NULL },
		{ names[2], presence, NULL, NULL, NULL },
	};

	snprintf(path, sizeof(path), "%s/%s/%s", getenv("OFFHOOK_SOURCE"), base, name);
	folder = path;
	if (access(path, R_OK) != 0) {
		printf("1..0 # SKIP %s/%s is absent\n", base, name);
		return;
	}
	for (int i = 0; i < 3; i++)
		snprintf(names[i], sizeof(names[i]), "%s/%s: %s", base, name,
			 (const char *[]){ "a call", "do not disturb", "user presence" }[i]);
	if (cmocka_run_group_tests(tests, NULL, NULL))
		exit(1);
}

/* cmocka prints one TAP plan a group, so that each folder is a run of its own. */
int main(int argc, char **argv)
{
	assert_int_equal(argc, 3);
	run(argv[1], argv[2]);
	return 0;
}
