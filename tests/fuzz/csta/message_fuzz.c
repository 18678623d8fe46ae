/* Bodies of CSTA III XML: the flat tree is sound, paths end, forms of the profile say what they
 * may, and a text that we write comes back as it was. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "proto/csta/device.h"
#include "proto/csta/lamp.h"
#include "proto/csta/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct csta_message m, again;
static struct xml_reader *reader;

static void is_sound(void)
{
	CHECK(m.n > 0 && m.n <= CSTA_ITEMS_MAX && m.items[0].parent == CSTA_NONE);
	for (uint32_t i = 0; i < m.n; i++) {
		const struct csta_item *t = &m.items[i];

		CHECK(i == 0 || t->parent < i);
		CHECK(t->name + t->name_n <= m.used && t->text + t->text_n <= m.used);
		CHECK(csta_name(&m, i).n > 0);
		CHECK(csta_text(&m, i).n <= t->text_n);
	}
}

static void paths_end(void)
{
	static const char *const paths[] = {
		"callID", "a/b", "newConnection/callID", "snapshotDeviceResponseInfo", "a//b", ""
	};

	for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++) {
		uint32_t n = 0, last = 0;

		for (uint32_t i = CSTA_NONE;
		     (i = csta_find_next(&m, 0, paths[p], i)) != CSTA_NONE;) {
			CHECK(i > last && i < m.n && n++ < m.n);
			last = i;
		}
		CHECK((csta_get(&m, 0, paths[p]).p != NULL) == (n > 0));
	}
}

static void forms(void)
{
	static const char *const rows[] = { "Absent=away", "PrivateEvent/a/b@x=busy", "none=none" };
	static const struct csta_mapping vendor = { "PrivateEvent/data/state", "", "", "until", rows, 3 };
	struct csta_form form;
	char why[200];

	for (int i = 0; i < 2; i++) {
		struct slice word = SLICE_NONE;
		int64_t until;

		CHECK(csta_form_init(&form, i ? &vendor : NULL, why, sizeof(why)) == ERR_OK);
		if (csta_form_event(&form, &m, &word) == CSTA_STRANGE)
			CHECK(word.n > 0);
		CHECK(csta_form_answer(&form, &m, &word) <= CSTA_STRANGE);
		if (csta_form_until(&form, &m, &until, &word) != ERR_OK)
			CHECK(word.n > 0);
	}
}

/* Whatever a row holds, it is refused with a reason or names a lamp; an answer says one word or nothing. */
static void lamps(struct slice text)
{
	char *row = strndup(text.p ? text.p : "", text.n);
	const char *const rows[] = { row }, *const states[] = { row };
	const struct csta_lamp_mapping plain = { .rows = rows, .rows_n = 1 },
				       worded = { .states = states, .states_n = 1 };
	struct csta_lamp_form form;
	char why[240] = "";

	CHECK(row);
	if (csta_lamp_init(&form, &plain, why, sizeof(why)) == ERR_OK) {
		CHECK(form.n == 1 && form.rows[0].lamp[0]);
		CHECK((form.rows[0].number[0] != 0) == (form.rows[0].device[0] != 0));
		CHECK(csta_lamp_answer(&form, &m, form.rows[0].lamp) <= CSTA_LAMP_UNSAID);
		csta_lamp_fini(&form);
	} else {
		CHECK(why[0]);
	}
	if (csta_lamp_init(&form, &worded, why, sizeof(why)) == ERR_OK) {
		CHECK(!csta_lamp_same(&form, CSTA_LAMP_DARK, CSTA_LAMP_CALL));
		csta_lamp_fini(&form);
	}
	free(row);
}

static bool is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			return false;
	return true;
}

static void write_again(struct slice text)
{
	struct buf b;

	if (!is_plain(text))
		return;
	buf_init(&b, CSTA_FRAME_MAX);
	csta_put_word(&b, 5, "Root/word", text, text, "until", text);
	if (csta_frame_end(&b, 1) == ERR_OK) {
		CHECK(csta_read(reader, slice_sub(buf_view(&b), CSTA_HEAD, b.n), &again) == ERR_OK);
		CHECK(again.n == (text.n ? 4 : 3));
		CHECK(slice_eq(csta_get(&again, 0, "until"), text));
		CHECK(slice_eq(csta_get(&again, 0, "device"), text));
		CHECK(slice_eq(csta_get(&again, 0, "word"), text));
	}
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 << 17)
		return 0;
	if (!reader)
		CHECK(xml_reader_new(&reader, 7) == ERR_OK);
	if (csta_read(reader, slice_of((const char *)data, size), &m)) {
		CHECK(m.n == 0 && csta_find(&m, 0, "a") == CSTA_NONE);
		return 0;
	}
	is_sound();
	paths_end();
	forms();
	for (uint32_t i = 0; i < m.n && i < 8; i++) {
		CHECK(csta_device_number(csta_text(&m, i)).n <= csta_text(&m, i).n);
		write_again(csta_text(&m, i));
		lamps(csta_text(&m, i));
	}
	return 0;
}
