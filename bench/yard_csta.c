#include "yard_csta.h"

#include <expat.h>
#include <stdlib.h>

#include "base/check.h"

enum { MONITOR, CALL, LOCAL, WORDS, NONE = WORDS };

struct yard_csta {
	XML_Parser parser;
	int in; /* the word being read */
	char words[WORDS][48];
	size_t n[WORDS];
	uint64_t monitor, call;
};

static void on_open(void *arg, const XML_Char *name, const XML_Char **atts)
{
	static const char *const names[WORDS] = { "monitorCrossRefID", "callID",
						  "localConnectionInfo" };
	struct yard_csta *y = arg;

	(void)atts;
	for (int i = 0; i < WORDS; i++)
		if (strcmp(name, names[i]) == 0) {
			y->in = i;
			y->n[i] = 0;
		}
}

static struct slice word_of(const struct yard_csta *y, int i)
{
	return slice_of(y->words[i], y->n[i]);
}

static void on_close(void *arg, const XML_Char *name)
{
	struct yard_csta *y = arg;

	(void)name;
	if (y->in == MONITOR)
		y->monitor = slice_hash(word_of(y, MONITOR), 1);
	else if (y->in == CALL)
		y->call = slice_hash(word_of(y, CALL), 1);
	y->in = NONE;
}

static void on_text(void *arg, const XML_Char *p, int n)
{
	struct yard_csta *y = arg;

	if (y->in == NONE || (size_t)n > sizeof(y->words[0]) - y->n[y->in])
		return;
	memcpy(y->words[y->in] + y->n[y->in], p, (size_t)n);
	y->n[y->in] += (size_t)n;
}

struct yard_csta *yard_csta_new(void)
{
	struct yard_csta *y = calloc(1, sizeof(*y));

	CHECK(y);
	y->parser = XML_ParserCreate(NULL);
	CHECK(y->parser);
	return y;
}

void yard_csta_free(struct yard_csta *y)
{
	XML_ParserFree(y->parser);
	free(y);
}

bool yard_csta_connected(struct yard_csta *y, struct slice body)
{
	y->in = NONE;
	y->n[LOCAL] = 0;
	y->monitor = y->call = 0;
	CHECK(XML_ParserReset(y->parser, NULL));
	XML_SetUserData(y->parser, y);
	XML_SetElementHandler(y->parser, on_open, on_close);
	XML_SetCharacterDataHandler(y->parser, on_text);
	XML_SetHashSalt(y->parser, 0x5eedu);
	CHECK(XML_Parse(y->parser, body.p, (int)body.n, XML_TRUE) == XML_STATUS_OK);
	CHECK(y->monitor && y->call);
	return slice_is(word_of(y, LOCAL), "connected");
}
