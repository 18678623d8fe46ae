/* inside.h - the redactor's own parts; private to this folder.
 *
 * pool.c: stand-ins. text.c: what a value may show. names.c: what the name of its place says.
 * xml.c, json.c, lines.c: where values stand. message.c: the whole. cut.c: where one ends. */
#ifndef PROTO_REDACT_INSIDE_H
#define PROTO_REDACT_INSIDE_H

#include "base/map.h"
#include "proto/redact/redact.h"

enum { SECRETS_MAX = 8, LENGTHS = 33, WORDS_MAX = 2048, OWN_WORDS_MAX = 128 };

/* What the name of a place allows its value to show. */
enum show {
	SHOW_PLAIN,   /* words on the list */
	SHOW_STATE,   /* one word of any kind, up to five digits alone */
	SHOW_NUMBERS, /* up to six digits */
	SHOW_PRODUCT, /* names and versions of programs */
	SHOW_PERSON,  /* no word at all */
	SHOW_AUTH,    /* scheme and algorithm */
	SHOW_SPACE,   /* an XML namespace */
	SHOW_NOTHING,
};

enum stand_kind { STAND_NUMBER, STAND_WORD, STAND_ID, STAND_HOST, STAND_ADDRESS, STAND_KINDS };

struct stand {
	uint8_t kind; /* enum stand_kind */
	char *own;    /* lower case */
	char *shown;
};

struct redact {
	uint64_t seed;
	struct stand *stands;
	uint32_t stands_n;
	struct map map;
	uint32_t next[STAND_KINDS], next_number[LENGTHS];
	struct slice words[WORDS_MAX]; /* of words.def, and own ones */
	uint32_t words_n;
	struct map word_map;
	char *own_words[OWN_WORDS_MAX];
	uint32_t own_words_n;
	char *secrets[SECRETS_MAX];
	size_t secret_n[SECRETS_MAX];
	uint32_t secrets_n;
	struct buf whole; /* one message, before secrets are struck out */
};

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of ASCII. */
static inline bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Letters of any encoding count: what is not ASCII is never shown. */
static inline bool is_wordy(char c)
{
	return is_digit(c) || is_letter(c) || (unsigned char)c >= 0x80;
}

/* pool.c: the text to show in place of another. */
const char *stand_in(struct redact *r, enum stand_kind kind, struct slice own);
/* own is shown as it is from now on. */
enum err stand_keep(struct redact *r, struct slice number);

/* names.c */
enum show show_of(struct slice name);
enum show show_of_header(struct slice name); /* of SIP: programs may name themselves */
/* With the words of words.def; word_add: one more, which outlives r. */
enum err words_init(struct redact *r);
enum err word_add(struct redact *r, struct slice word);
bool known_word(const struct redact *r, struct slice word);

/* text.c: a value whose escapes are undone; what comes out needs escaping anew. */
void put_value(struct redact *r, struct slice value, enum show show, struct buf *out);
/* A name of an element, header or key: letters stay, digits as in any text. */
void put_name(struct redact *r, struct slice name, struct buf *out);

void put_xml(struct redact *r, struct slice xml, struct buf *out);
void put_json(struct redact *r, struct slice json, struct buf *out);
/* A head of `Name: value` lines. */
void put_head(struct redact *r, enum redact_form form, struct slice head, struct buf *out);
/* Anything that may follow a head: XML, JSON, parts with heads of their own, lines. */
void put_body(struct redact *r, struct slice body, struct buf *out);

#endif
