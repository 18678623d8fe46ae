/* redact.h - messages between Offhook and a PBX, made fit to be shown to strangers. Pure.
 *
 * What stays is what is on a list: names of elements, headers and keys, punctuation, the words of
 * words.def, a single word where a state or a cause stands, small numbers where a length or a time
 * stands, dates, digits that stand alone. Everything else is replaced: numbers by numbers of the
 * same length (7001, 7002 ...), words by name-1, mixed ones by id-1, hosts by host-1.example,
 * addresses by 192.0.2.1. The same is always replaced by the same, within one redactor. Where a
 * secret or a digest stands by its name, "[hidden]" stands instead. What comes out is ASCII. */
#ifndef PROTO_REDACT_REDACT_H
#define PROTO_REDACT_REDACT_H

#include "base/buf.h"

struct redact;

enum redact_form {
	REDACT_SIP,  /* RFC 3261, any body */
	REDACT_AMI,  /* Asterisk manager: banner, packets of lines */
	REDACT_CSTA, /* the eight bytes of ECMA-323 annex J.2, XML */
	REDACT_ESL,  /* FreeSWITCH's event socket */
	REDACT_BODY, /* a body alone: JSON, XML or lines */
};

enum {
	REDACT_STAND_INS_MAX = 8192, /* of all kinds; beyond: zeros, and "more" for words */
	REDACT_MESSAGE_MAX = 1 << 20,
};

MUST_CHECK enum err redact_new(struct redact **ret, uint64_t seed);
/* Takes NULL. */
void redact_free(struct redact *r);
/* Copied; wiped by redact_free. It is struck out of whatever would be shown, from four bytes on: a
 * shorter one is found only by the name of where it stands. */
MUST_CHECK enum err redact_secret(struct redact *r, struct slice secret);
/* A line of the configuration: no stand-in will look like its number; keep: it is shown as it is. */
MUST_CHECK enum err redact_line(struct redact *r, struct slice number, bool keep);
/* Words of the configuration that stay, such as the PBX's names of profiles. */
MUST_CHECK enum err redact_keep_words(struct redact *r, struct slice text);

/* One whole message (see redact_cut) is appended to out. */
void redact_message(struct redact *r, enum redact_form form, struct slice message, struct buf *out);
/* Bytes of which nothing is known: their shape alone, the first 64: x a letter, # a digit. */
void redact_shape(struct slice bytes, struct buf *out);
/* How many bytes at the front of a stream's bytes are one message. ERR_AGAIN: more are needed.
 * ERR_MALFORMED: no such message begins here; ERR_LIMIT: one above REDACT_MESSAGE_MAX. */
MUST_CHECK enum err redact_cut(enum redact_form form, struct slice bytes, size_t *ret_n);

/* For tests: whether this text was given out as a stand-in for something. */
bool redact_issued(const struct redact *r, struct slice text);

#endif
