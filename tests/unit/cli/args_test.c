#include "test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"

static struct cli c;
static const struct verb *v;
static char *err_text, *out_text;
static size_t err_n, out_n;

static int set_up(void **state)
{
	(void)state;
	memset(&c, 0, sizeof(c));
	c.err = open_memstream(&err_text, &err_n);
	c.out = open_memstream(&out_text, &out_n);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fclose(c.err);
	fclose(c.out);
	free(err_text);
	free(out_text);
	return 0;
}

/* The words of a command line, split at blanks. */
static int parse(const char *line)
{
	static char text[500];
	static char *argv[30];
	int argc = 1, status;

	snprintf(text, sizeof(text), "%s", line);
	argv[0] = (char[]){"offhook"};
	for (char *p = text, *save; (argv[argc] = strtok_r(p, " ", &save)); p = NULL)
		argc++;
	c.config = c.socket = c.account = c.state = c.search = c.until = NULL;
	c.json = c.help = c.dry_run = c.yes = false;
	status = cli_parse(&c, argc, argv, &v);
	fflush(c.err);
	return status;
}

static void options_may_stand_anywhere(void **state)
{
	(void)state;
	assert_int_equal(parse("-c a.yaml set --account acme ana@x away --until 2h --json"), 0);
	assert_string_equal(v->name, "set");
	assert_string_equal(c.config, "a.yaml");
	assert_string_equal(c.account, "acme");
	assert_string_equal(c.until, "2h");
	assert_true(c.json);
	assert_int_equal(c.argc, 2);
	assert_string_equal(c.argv[0], "ana@x");
	assert_string_equal(c.argv[1], "away");
	assert_int_equal(parse("--socket=/tmp/s status"), 0);
	assert_string_equal(c.socket, "/tmp/s");
	assert_int_equal(parse("explain -- -odd@x"), 0);
	assert_string_equal(c.argv[0], "-odd@x");
}

static void two_words_make_one_verb(void **state)
{
	(void)state;
	assert_int_equal(parse("users import people.csv --dry-run"), 0);
	assert_string_equal(v->name, "users import");
	assert_string_equal(c.argv[0], "people.csv");
	assert_true(c.dry_run);
	assert_int_equal(parse("users --state busy"), 0);
	assert_string_equal(v->name, "users");
	assert_string_equal(c.state, "busy");
	assert_int_equal(parse("users export"), 2);
}

static void wrong_usage(void **state)
{
	static const char *const rows[][2] = {
	    {"", "usage"},
	    {"bogus", "no such verb: bogus"},
	    {"status extra", "usage: offhook status"},
	    {"set ana@x", "usage: offhook set EMAIL"},
	    {"set ana@x away 2h", "usage"},
	    {"--bogus status", "no such option: --bogus"},
	    {"status --until 2h", "status takes no --until"},
	    {"explain --yes ana@x", "explain takes no --yes"},
	    {"set ana@x away --until", "needs a value: --until"},
	    {"-x status", "no such option: -x"},
	    {"users import", "usage: offhook users import"},
	    {"status --json=1", "no such option"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rewind(c.err);
		fflush(c.err);
		if (parse(rows[i][0]) != 2)
			fail_msg("taken: %s", rows[i][0]);
		if (!strstr(err_text, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], err_text);
	}
}

static void help(void **state)
{
	(void)state;
	assert_int_equal(parse("help"), 0);
	assert_true(c.help);
	assert_null(v);
	assert_int_equal(parse("--help"), 0);
	assert_true(c.help && !v);
	assert_int_equal(parse("help set"), 0);
	assert_true(c.help);
	assert_string_equal(v->name, "set");
	assert_int_equal(parse("set --help"), 0);
	assert_string_equal(v->name, "set");
}

/* The tables against each other and against the help. */
static void every_verb_and_option_is_in_the_help(void **state)
{
	char wanted[80];
	(void)state;

	cli_help(c.out, NULL);
	fflush(c.out);
	for (unsigned i = 0; i < verbs_n; i++) {
		snprintf(wanted, sizeof(wanted), "  %s %s", verbs[i].name, verbs[i].arguments);
		assert_non_null(strstr(out_text, wanted));
		assert_non_null(strstr(out_text, verbs[i].help));
		assert_true(verbs[i].least <= verbs[i].most);
		assert_int_equal(verbs[i].most == 0, !*verbs[i].arguments);
		assert_true(isupper((unsigned char)verbs[i].help[0]) &&
			    verbs[i].help[strlen(verbs[i].help) - 1] == '.');
		for (const char *o = verbs[i].options; *o; o++) {
			bool known = false;

			for (unsigned k = 0; k < option_rows_n; k++)
				known |= option_rows[k].letter == *o && !option_rows[k].global;
			assert_true(known);
		}
	}
	for (unsigned i = 0; i < option_rows_n; i++) {
		snprintf(wanted, sizeof(wanted), "--%s", option_rows[i].name);
		assert_non_null(strstr(out_text, wanted));
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(option_rows[i].letter, option_rows[k].letter);
	}
}

/* Every option of the table has its place: none of them ends in the assertion of take(). */
static void every_option_is_read(void **state)
{
	(void)state;
	for (unsigned i = 0; i < option_rows_n; i++) {
		const struct option_row *o = &option_rows[i];
		char line[100];

		for (unsigned k = 0; k < verbs_n; k++) {
			bool takes = o->global || strchr(verbs[k].options, o->letter);

			snprintf(line, sizeof(line), "--%s%s %s%s", o->name,
				 *o->argument ? "=x" : "", verbs[k].name,
				 verbs[k].least == 2   ? " a b"
				 : verbs[k].least == 1 ? " a"
						       : "");
			if ((parse(line) == 0) != takes)
				fail_msg("%s", line);
		}
	}
}

static void segments_are_escaped(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 100);
	path_segment(&b, "a b/c?d#e%f@g.h-\xc3\xa4&");
	assert_string_equal(buf_cstr(&b), "a%20b%2Fc%3Fd%23e%25f@g.h-%C3%A4%26");
	buf_fini(&b);
}

static void a_table_is_aligned_and_clean(void **state)
{
	struct table t;
	(void)state;

	table_init(&t, 2);
	table_cell(&t, NULL, "B\xc3\xa9la");
	table_cell(&t, NULL, "x");
	table_cell(&t, NULL, "A\033[31m");
	table_cell(&t, NULL, "y\n");
	table_print(&t, &c);
	fflush(c.out);
	assert_string_equal(out_text, "B\xc3\xa9la    x\nA?[31m  y?\n");
	table_fini(&t);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(options_may_stand_anywhere),
	    CASE(two_words_make_one_verb),
	    CASE(wrong_usage),
	    CASE(help),
	    CASE(every_verb_and_option_is_in_the_help),
	    CASE(every_option_is_read),
	    CASE(segments_are_escaped),
	    CASE(a_table_is_aligned_and_clean),
	};
	return cmocka_run_group_tests_name("cli/args", tests, NULL, NULL);
}
