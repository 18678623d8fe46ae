#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "proto/conf/users_csv.h"

static struct conf_errors errs;
static char rows[4096];

static bool on_row(const struct users_csv_row *r, void *arg)
{
	size_t n = strlen(rows);

	(void)arg;
	snprintf(rows + n, sizeof(rows) - n, "%u <%.*s> <%.*s> <%.*s> %d\n", r->line,
		 SLICE_ARG(r->email), SLICE_ARG(r->name), SLICE_ARG(r->lines), r->enabled);
	return true;
}

static enum err parse(struct slice text)
{
	errs = (struct conf_errors){0};
	rows[0] = '\0';
	return users_csv_parse(text, "users.csv", on_row, NULL, &errs);
}

static void good(const char *text, const char *expected)
{
	assert_int_equal(parse(slice_str(text)), ERR_OK);
	assert_string_equal(rows, expected);
}

static void bad(const char *text, const char *error)
{
	char got[800];

	assert_int_equal(parse(slice_str(text)), ERR_MALFORMED);
	conf_error_text(&errs.list[0], got, sizeof(got));
	if (!slice_starts(slice_str(got), error))
		fail_msg("%s\nis not: %s", got, error);
}

#define HEAD "email,name,lines,enabled\n"

static void reads_rows(void **state)
{
	(void)state;
	good(HEAD, "");
	good(HEAD "a@b.c,Ana,hq/1 hq/2,yes\n", "2 <a@b.c> <Ana> <hq/1 hq/2> 1\n");
	good(HEAD "a@b.c,,,no", "2 <a@b.c> <> <> 0\n");
	good(HEAD "a@b.c\nb@b.c,B\n", "2 <a@b.c> <> <> 1\n3 <b@b.c> <B> <> 1\n");
	good(HEAD " a@b.c , Ana ,\n", "2 <a@b.c> <Ana> <> 1\n");
	good("Enabled,EMAIL\n0,a@b.c\n1,b@b.c\nFALSE,c@b.c\n",
	     "2 <a@b.c> <> <> 0\n3 <b@b.c> <> <> 1\n4 <c@b.c> <> <> 0\n");
	good("email\na@b.c\n", "2 <a@b.c> <> <> 1\n");
}

static void reads_what_spreadsheets_write(void **state)
{
	(void)state;
	good("\xef\xbb\xbf"
	     "email,name\r\na@b.c,\"Ort\xc3\xadz, \"\"Ana\"\"\"\r\n\r\nb@b.c,B\r\n",
	     "2 <a@b.c> <Ort\xc3\xadz, \"Ana\"> <> 1\n4 <b@b.c> <B> <> 1\n");
	good("email;lines\na@b.c;hq/1\n", "2 <a@b.c> <> <hq/1> 1\n");
	good("\"email\",\"lines\"\n\"a@b.c\",\"hq/1\"\n", "2 <a@b.c> <> <hq/1> 1\n");
}

static bool on_has(const struct users_csv_row *r, void *arg)
{
	*(uint8_t *)arg = r->has;
	return true;
}

static void says_which_columns_there_are(void **state)
{
	static const struct {
		const char *csv;
		uint8_t has;
	} all[] = {
		{ "email\na@b.c\n", 0 },
		{ "lines,email\n,a@b.c\n", USERS_CSV_LINES },
		{ "email,enabled,name\na@b.c\n", USERS_CSV_ENABLED | USERS_CSV_NAME },
		{ "email,teams_id,group\na@b.c,,\n", USERS_CSV_TEAMS_ID },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		uint8_t has = 0xff;

		errs = (struct conf_errors){0};
		assert_int_equal(users_csv_parse(slice_str(all[i].csv), "users.csv", on_has, &has, &errs),
				 ERR_OK);
		assert_int_equal(has, all[i].has);
	}
}

static void names_the_line_of_an_error(void **state)
{
	(void)state;
	bad("", "users.csv:1: the first line must name the columns");
	bad("\n", "users.csv:1: the first line must name the columns");
	bad("a@b.c,Ana\n", "users.csv:1: the first line names a column that is none of");
	bad("name,lines\n", "users.csv:1: email: the first line must name this column");
	bad("email,email\n", "users.csv:1: email: the first line names this column twice");
	bad(HEAD "ana\n", "users.csv:2: email: must be an e-mail address");
	bad(HEAD "a@b.c,x,y,maybe\n", "users.csv:2: enabled: must be yes or no");
	bad(HEAD "a@b.c,x,y,no,more\n", "users.csv:2: more fields than");
	bad(HEAD "a@b.c,\xff\n", "users.csv:2: name: must be UTF-8");
	bad(HEAD "a@b.c\n\n\"x\"y\n", "users.csv:4: a quote (\")");
	bad(HEAD "a@b.c,A\"na\n", "users.csv:2: a quote (\")");
	bad(HEAD "a@b.c,\"Ana\n", "users.csv:2: a quote that is not closed");
	bad("\xff\xfe"
	    "e",
	    "users.csv:");
}

/* A quoted field may hold line ends (RFC 4180); the numbers of later rows still are the file's. */
static void counts_lines_inside_quotes(void **state)
{
	(void)state;
	bad(HEAD "a@b.c,\"A\nB\"\nx\n", "users.csv:2: name: must be UTF-8 text");
	assert_int_equal(errs.n, 2);
	assert_int_equal(errs.list[1].line, 4);
}

static void goes_on_after_an_error(void **state)
{
	(void)state;
	assert_int_equal(parse(SLICE_LIT(HEAD "x\na@b.c\n\"y\"z,\nb@b.c\n")), ERR_MALFORMED);
	assert_int_equal(errs.errors, 2);
	assert_string_equal(rows, "3 <a@b.c> <> <> 1\n5 <b@b.c> <> <> 1\n");
}

static void rows_are_bounded(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 1 << 20);
	buf_str(&b, HEAD "a@b.c,");
	for (int i = 0; i < 5000; i++)
		buf_char(&b, 'x');
	buf_str(&b, "\nb@b.c\n");
	assert_int_equal(parse(buf_view(&b)), ERR_MALFORMED);
	assert_int_equal(errs.errors, 1);
	assert_string_equal(rows, "3 <b@b.c> <> <> 1\n");
	buf_reset(&b);
	for (int i = 0; i < 40; i++)
		buf_str(&b, "email,");
	assert_int_equal(parse(buf_view(&b)), ERR_MALFORMED);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_rows),
	    cmocka_unit_test(reads_what_spreadsheets_write),
	    cmocka_unit_test(says_which_columns_there_are),
	    cmocka_unit_test(names_the_line_of_an_error),
	    cmocka_unit_test(counts_lines_inside_quotes),
	    cmocka_unit_test(goes_on_after_an_error),
	    cmocka_unit_test(rows_are_bounded),
	};
	return cmocka_run_group_tests_name("proto/conf/users_csv", tests, NULL, NULL);
}
