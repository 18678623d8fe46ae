#include "yard_expat.h"

#include <expat.h>
#include <stdlib.h>

#include "base/check.h"

struct yard_expat {
	XML_Parser parser;
	bool in_state, full, initiator, talks;
	unsigned long version;
	uint64_t id;
	char word[32];
	size_t word_n;
};

static const char *local_name(const char *name)
{
	const char *split = strrchr(name, '\n');

	return split ? split + 1 : name;
}

static const char *attr(const char **atts, const char *name)
{
	for (; atts[0]; atts += 2)
		if (strcmp(atts[0], name) == 0)
			return atts[1];
	return "";
}

static void on_open(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct yard_expat *y = arg;
	const char *local = local_name(name);

	if (strcmp(local, "dialog-info") == 0) {
		y->full = strcmp(attr(atts, "state"), "full") == 0;
		y->version = strtoul(attr(atts, "version"), NULL, 10);
	} else if (strcmp(local, "dialog") == 0) {
		y->id = slice_hash(slice_str(attr(atts, "id")), 1);
		y->initiator = strcmp(attr(atts, "direction"), "initiator") == 0;
	} else if (strcmp(local, "state") == 0) {
		y->in_state = true;
		y->word_n = 0;
	}
}

static void on_close(void *arg, const XML_Char *name)
{
	struct yard_expat *y = arg;

	(void)name;
	if (!y->in_state)
		return;
	y->in_state = false;
	y->talks = y->talks || slice_is(slice_of(y->word, y->word_n), "confirmed");
}

static void on_text(void *arg, const XML_Char *p, int n)
{
	struct yard_expat *y = arg;

	if (!y->in_state || (size_t)n > sizeof(y->word) - y->word_n)
		return;
	memcpy(y->word + y->word_n, p, (size_t)n);
	y->word_n += (size_t)n;
}

struct yard_expat *yard_expat_new(bool namespaces)
{
	struct yard_expat *y = calloc(1, sizeof(*y));

	CHECK(y);
	y->parser = namespaces ? XML_ParserCreateNS(NULL, '\n') : XML_ParserCreate(NULL);
	CHECK(y->parser);
	return y;
}

void yard_expat_free(struct yard_expat *y)
{
	XML_ParserFree(y->parser);
	free(y);
}

bool yard_expat_talks(struct yard_expat *y, struct slice body)
{
	y->talks = y->in_state = false;
	CHECK(XML_ParserReset(y->parser, NULL));
	XML_SetUserData(y->parser, y);
	XML_SetElementHandler(y->parser, on_open, on_close);
	XML_SetCharacterDataHandler(y->parser, on_text);
	XML_SetHashSalt(y->parser, 0x5eedu);
	CHECK(XML_Parse(y->parser, body.p, (int)body.n, XML_TRUE) == XML_STATUS_OK);
	return y->talks;
}
