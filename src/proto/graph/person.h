/* person.h - people as Microsoft's directory describes them: one row of GET /users or /users/delta, and
 * pages of rows.
 *
 * Who may be served is told by accountEnabled, userType and assignedPlans; a property that is absent
 * says nothing. What struct graph_person borrows lives as long as its row. */
#ifndef PROTO_GRAPH_PERSON_H
#define PROTO_GRAPH_PERSON_H

#include "base/buf.h"
#include "proto/graph/json.h"

enum {
	PERSON_ID_LEN = 36,
	PERSON_ADDRESSES_MAX = 256, /* further ones are passed over */
	PEOPLE_BODY_MAX = 8 << 20,  /* 800 people with 60 plans each */
	PEOPLE_LINK_MAX = 7000,
};

/* Best first: whom several people could be, the best is taken for. */
enum person_class { PERSON_GOOD, PERSON_UNLICENSED, PERSON_GUEST, PERSON_DISABLED, PERSON_CLASS_COUNT };

/* By what somebody was found; bits of a set are 1 << via. */
enum person_via { VIA_NONE, VIA_ID, VIA_UPN, VIA_MAIL, VIA_ALIAS, VIA_ATTRIBUTE, VIA_COUNT };

struct person_address {
	struct slice text;
	uint8_t via; /* enum person_via: UPN, MAIL, ALIAS, ATTRIBUTE */
};

struct graph_person {
	char id[PERSON_ID_LEN + 1];
	bool removed;     /* deleted from the directory: nothing else is known */
	bool whole;       /* more than the properties that have changed */
	bool plans_known; /* assignedPlans is there: without it PERSON_GOOD may want a licence */
	uint8_t class;    /* enum person_class */
	uint32_t addresses_n;
	struct person_address addresses[PERSON_ADDRESSES_MAX];
};

/* property: besides the addresses, "" or NULL for none: employeeId, mailNickname, extensionAttribute1..15.
 * False for a row without a usable id. */
MUST_CHECK bool person_read(const json_t *row, const char *property, struct graph_person *ret);
/* By what it has this address (no case); VIA_NONE: not at all. */
enum person_via person_has(const struct graph_person *p, struct slice address);

/* A page, cut into rows without being read as a whole: a row is parsed when its turn comes, so that no page,
 * however large, stops the loop for longer than its caller likes. */
struct people_page {
	char *text; /* a copy */
	size_t n, at; /* at: the next row */
	char *next, *delta; /* one of both, or neither at the end of a plain list */
};

/* ERR_MALFORMED when the body is no page of a list. Given back with people_page_fini. */
MUST_CHECK enum err people_page_parse(struct slice body, struct people_page *ret);
void people_page_fini(struct people_page *p);
/* The next row, for json_decref; NULL at the end. What is no JSON is passed over. */
json_t *people_page_row(struct people_page *p);

/* Appends the URL that reads everybody and, at its end, gives the link to what changes. */
void people_query(struct buf *b, const char *graph_url, const char *property);
/* Everybody in the group, groups inside it included. */
void people_group_query(struct buf *b, const char *graph_url, const char *group);
/* Appends a link of Microsoft's, at our own address for it: the bearer goes nowhere else. ERR_MALFORMED for a
 * link to anywhere but graph_url or resource, or one that no URL can be. */
MUST_CHECK enum err people_link(struct buf *b, struct slice link, const char *graph_url,
				const char *resource);

#endif
