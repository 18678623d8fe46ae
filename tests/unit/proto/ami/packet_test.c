#include "proto/ami/packet.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

static const char sample[] =
	"Asterisk Call Manager/11.0.0\r\n"
	"Response: Success\r\nActionID: s2\r\nMessage: Presence State\r\nState: dnd\r\n"
	"Message: In a meeting\r\nPresenceMessage: In a meeting\r\n\r\n"
	"\r\n"
	"Event: DeviceStateChange\nDevice: Custom:DND1001\nState: BUSY\n\n"
	"Event: PresenceStateChange\r\nPresentity: CustomPresence:1001\r\nSubtype: \r\nMessage:\r\n"
	"no colon here\r\n: empty key\r\n\r\n";

/* What came out, as one text: kind, name and all lines. */
static char *told(struct slice in, size_t step)
{
	struct ami_stream s;
	struct ami_packet p;
	struct slice banner;
	bool greeted = false;
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	assert_int_equal(ami_stream_init(&s), ERR_OK);
	for (size_t at = 0; at < in.n; at += step) {
		enum err e = ami_stream_add(&s, slice_sub(in, at, at + step));

		assert_int_equal(e, ERR_OK);
		if (!greeted && ami_stream_banner(&s, &banner) == ERR_OK) {
			greeted = true;
			fprintf(f, "[%.*s]", SLICE_ARG(banner));
		}
		while (greeted && (e = ami_stream_next(&s, &p)) != ERR_AGAIN) {
			fprintf(f, "%d %d %.*s:", e, e ? 0 : p.kind, SLICE_ARG(p.name));
			for (uint32_t i = 0; !e && i < p.n; i++)
				fprintf(f, "<%.*s>", (int)p.lines[i].n, p.p + p.lines[i].at);
		}
	}
	fclose(f);
	ami_stream_fini(&s);
	return text;
}

static void test_any_cut(void **state)
{
	struct slice in = slice_of(sample, sizeof(sample) - 1);
	char *whole = told(in, in.n);

	(void)state;
	assert_non_null(strstr(whole, "[Asterisk Call Manager/11.0.0]"));
	assert_non_null(strstr(whole, "<Device: Custom:DND1001><State: BUSY>"));
	for (size_t step = 1; step < in.n; step++) {
		char *cut = told(in, step);

		assert_string_equal(cut, whole);
		free(cut);
	}
	free(whole);
}

static void open_at(struct ami_stream *s, const char *text)
{
	assert_int_equal(ami_stream_init(s), ERR_OK);
	assert_int_equal(ami_stream_add(s, slice_str(text)), ERR_OK);
}

static void test_fields(void **state)
{
	struct ami_stream s;
	struct ami_packet p;
	struct slice banner;

	(void)state;
	open_at(&s, sample);
	assert_int_equal(ami_stream_banner(&s, &banner), ERR_OK);
	assert_int_equal(ami_stream_next(&s, &p), ERR_OK);
	assert_int_equal(p.kind, AMI_RESPONSE);
	assert_slice(p.name, "Success");
	assert_slice(ami_get(&p, "message"), "Presence State");
	assert_slice(ami_get_nth(&p, "Message", 1), "In a meeting");
	assert_null(ami_get_nth(&p, "Message", 2).p);
	assert_null(ami_get(&p, "Messag").p);
	assert_int_equal(ami_stream_next(&s, &p), ERR_OK);
	assert_int_equal(p.kind, AMI_EVENT);
	assert_slice(ami_get(&p, "Device"), "Custom:DND1001");
	assert_int_equal(ami_stream_next(&s, &p), ERR_OK);
	assert_true(ami_has(&p, "Subtype"));
	assert_int_equal(ami_get(&p, "Subtype").n, 0);
	assert_true(ami_has(&p, "Message"));
	assert_false(ami_has(&p, "no colon here"));
	assert_slice(ami_get(&p, ""), "empty key");
	assert_int_equal(ami_stream_next(&s, &p), ERR_AGAIN);
	ami_stream_fini(&s);
}

static void test_numbers(void **state)
{
	struct ami_stream s;
	struct ami_packet p;
	uint32_t v = 5;

	(void)state;
	open_at(&s, "Event: X\r\nA: 12\r\nB: -1\r\nC: 13\r\nD: 99999999999\r\n\r\n");
	assert_int_equal(ami_stream_next(&s, &p), ERR_OK);
	assert_true(ami_get_u32(&p, "A", 12, &v));
	assert_int_equal(v, 12);
	assert_false(ami_get_u32(&p, "B", 12, &v));
	assert_false(ami_get_u32(&p, "C", 12, &v));
	assert_false(ami_get_u32(&p, "D", UINT32_MAX, &v));
	assert_false(ami_get_u32(&p, "E", 12, &v));
	ami_stream_fini(&s);
}

/* A packet above a maximum costs itself only. */
static void skips(const char *unit, size_t times, size_t step)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	struct ami_stream s;
	struct ami_packet p;
	int limits = 0, good = 0;

	fprintf(f, "Event: Big\r\n");
	for (size_t i = 0; i < times; i++)
		fputs(unit, f);
	fprintf(f, "\r\n\r\nEvent: Small\r\n\r\n");
	fclose(f);
	assert_int_equal(ami_stream_init(&s), ERR_OK);
	for (size_t at = 0; at < n; at += step) {
		enum err e = ami_stream_add(&s, slice_sub(slice_of(text, n), at, at + step));

		assert_int_equal(e, ERR_OK);
		while ((e = ami_stream_next(&s, &p)) != ERR_AGAIN) {
			limits += e == ERR_LIMIT;
			good += e == ERR_OK;
			if (e == ERR_OK)
				assert_slice(p.name, "Small");
		}
		assert_true(s.in.cap <= (2 << 20) + 4096);
	}
	assert_int_equal(limits, 1);
	assert_int_equal(good, 1);
	ami_stream_fini(&s);
	free(text);
}

static void test_too_large_is_skipped(void **state)
{
	static const size_t steps[] = { 997, 4096, 65536, 1 << 20 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		skips("x", 3 * AMI_PACKET_MAX, steps[i]);
		skips("\r", 2 * AMI_PACKET_MAX, steps[i]);
		skips("Key: a value of some length\r\n", 40000, steps[i]);
		skips("A: b\r\n", AMI_FIELDS_MAX, steps[i]);
	}
}

static void test_banner(void **state)
{
	char junk[AMI_BANNER_MAX + 2];
	struct ami_stream s;
	struct slice b;

	(void)state;
	open_at(&s, "Asterisk Call Man");
	assert_int_equal(ami_stream_banner(&s, &b), ERR_AGAIN);
	ami_stream_reset(&s);
	assert_int_equal(ami_stream_add(&s, slice_str("HTTP/1.1 400 Bad Request\r\n")), ERR_OK);
	assert_int_equal(ami_stream_banner(&s, &b), ERR_MALFORMED);
	ami_stream_reset(&s);
	memset(junk, 'A', sizeof(junk));
	assert_int_equal(ami_stream_add(&s, slice_of(junk, sizeof(junk))), ERR_OK);
	assert_int_equal(ami_stream_banner(&s, &b), ERR_MALFORMED);
	ami_stream_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_too_large_is_skipped),
		cmocka_unit_test(test_banner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
