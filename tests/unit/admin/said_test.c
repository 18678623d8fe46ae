/* Each row of the table is found again by its code; what others say stays as it is. */
#include "test.h"

#include "admin/said.h"

/* The sentence with its places filled in. */
static struct slice filled(const char *sentence, char *dst, size_t cap)
{
	size_t n = 0;

	for (; *sentence && n + 2 < cap; sentence++) {
		if (sentence[0] == '{' && sentence[1] >= '0' && sentence[1] <= '9' && sentence[2] == '}') {
			dst[n++] = 'Q';
			dst[n++] = sentence[1];
			sentence += 2;
		} else {
			dst[n++] = *sentence;
		}
	}
	return slice_of(dst, n);
}

static const char *sentence_of(const char *code)
{
	const char *c, *sentence;

	for (unsigned i = 0; said_row(i, &c, &sentence); i++)
		if (strcmp(c, code) == 0)
			return sentence;
	fail_msg("no row %s", code);
	return "";
}

static void each_row_is_found_again(void **state)
{
	struct said_part parts[SAID_PARTS_MAX];
	const char *code, *sentence;
	char text[600];
	unsigned i = 0, n = 0;

	(void)state;
	for (; said_row(i, &code, &sentence); i++) {
		struct slice s = filled(sentence, text, sizeof(text));

		if (!s.n)
			continue;
		unsigned k = said_parse(s, parts);
		/* some of the tables say the same of several things */
		if (k != 1 || !parts[0].code || strcmp(sentence_of(parts[0].code), sentence) != 0)
			fail_msg("%s is found as %u parts, the first %s", code, k,
				 k && parts[0].code ? parts[0].code : "unknown");
		for (unsigned a = 0; a < parts[0].args_n; a++, n++)
			assert_true(parts[0].args[a].n == 2 && parts[0].args[a].p[0] == 'Q' &&
				    parts[0].args[a].p[1] == (char)('0' + a));
	}
	assert_true(i > 500 && n > 100);
}

static void codes_are_one_each(void **state)
{
	const char *a, *b, *sentence;

	(void)state;
	for (unsigned i = 0; said_row(i, &a, &sentence); i++)
		for (unsigned k = i + 1; said_row(k, &b, &sentence); k++)
			if (strcmp(a, b) == 0)
				fail_msg("%s is there twice", a);
}

/* As "code(arg,arg) code() 'quoted'". */
static const char *parsed(const char *text)
{
	static char out[4000];
	struct said_part parts[SAID_PARTS_MAX];
	unsigned n = said_parse(slice_str(text), parts);
	struct buf b;

	buf_init(&b, sizeof(out) - 1);
	for (unsigned i = 0; i < n; i++) {
		buf_fmt(&b, "%s%s(", i ? " " : "", parts[i].code ? parts[i].code : "");
		for (unsigned k = 0; k < parts[i].args_n; k++)
			buf_fmt(&b, "%s%.*s", k ? "," : "", SLICE_ARG(parts[i].args[k]));
		buf_char(&b, ')');
	}
	snprintf(out, sizeof(out), "%s", buf_cstr(&b));
	buf_fini(&b);
	return out;
}

#define PARSED(text, as) assert_string_equal(parsed(text), as)

static void clauses_and_what_others_say(void **state)
{
	(void)state;
	PARSED("", "");
	PARSED("line hq/201 is in a call; rank busy over available",
	       "line-talking(hq/201) rank(busy,available)");
	PARSED("rank busy over away, available (precedence: call-first)",
	       "rank-call-first(busy,away, available)");
	PARSED("AADSTS7000215: Invalid client secret; Trace ID: 1",
	       "(AADSTS7000215: Invalid client secret) (Trace ID: 1)");
	PARSED("Entra gives no token: AADSTS1: odd; check tenant and client_id",
	       "setup-no-token() (AADSTS1: odd) aadsts.900144()");
	PARSED("others see Away (Away/Away): shown as sent; read back at 2026-11-24T14:00:00Z",
	       "others-see-pair-because(Away,Away/Away) shown.why.as-sent() "
	       "read-back-at(2026-11-24T14:00:00Z)");
	PARSED("not connected: closed by the pbx", "link-not-connected() link-closed()");
	PARSED("offhook.yaml:7: accounts[0].name: is missing",
	       "(offhook.yaml:7: accounts[0].name:) conf-missing()");
	PARSED("a: is empty\nb: odd", "(a:) conf-empty() (b: odd)");
	PARSED("words of several parts: their own; somebody has set something",
	       "(words of several parts: their own) (somebody has set something)");
}

static void a_long_text_stays_whole_at_its_end(void **state)
{
	struct said_part parts[SAID_PARTS_MAX];
	char text[400];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < SAID_PARTS_MAX + 10; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sx%d", i ? "; " : "", i);
	assert_int_equal(said_parse(slice_of(text, n), parts), SAID_PARTS_MAX);
	struct slice last = parts[SAID_PARTS_MAX - 1].args[0];
	assert_ptr_equal(last.p + last.n, text + n);
	assert_true(slice_starts(last, "x23; x24"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_found_again),
		cmocka_unit_test(codes_are_one_each),
		cmocka_unit_test(clauses_and_what_others_say),
		cmocka_unit_test(a_long_text_stays_whole_at_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
