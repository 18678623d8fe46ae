#include "base/check.h"
#include "proto/xml/pidf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xml_reader *reader;

/* What we would publish in answer reads as what it says, whatever the entity's bytes. */
static void publish(struct slice foreign, const struct pidf *read)
{
	struct pidf_statement s = { "offhook-1", PIDF_AWAY, slice_sub(foreign, 0, 64),
				    read->others_until_ms };
	struct pidf again;
	struct buf b;

	for (size_t i = 0; i < s.note.n; i++)
		if (s.note.p[i] < ' ' || s.note.p[i] == 0x7f)
			s.note.n = i; /* not UTF-8, or no character of XML */
	if (read->others > PIDF_UNSAID)
		s.stand = read->others;
	buf_init(&b, 8192);
	pidf_put(&b, s.note, &s);
	CHECK(buf_err(&b) == ERR_OK);
	CHECK(pidf_read(reader, buf_view(&b), "offhook-1", &again) == ERR_OK);
	CHECK(again.own == s.stand && again.others == PIDF_NOTHING && !again.on_the_phone);
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice body = slice_of((const char *)data, size);
	struct pidf p = { 0 };

	if (!reader)
		CHECK(xml_reader_new(&reader, 1) == ERR_OK);
	if (pidf_read(reader, body, "offhook", &p))
		return 0;
	CHECK(!p.held || p.on_the_phone);
	CHECK(p.others < PIDF_STAND_COUNT && p.own < PIDF_STAND_COUNT);
	CHECK(!p.phone_words || p.others == PIDF_UNSAID || p.others > PIDF_AVAILABLE);
	publish(body, &p);
	return 0;
}
