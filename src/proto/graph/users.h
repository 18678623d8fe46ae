/* users.h - GET /users: from an e-mail address to the directory's object id, in one request.
 *
 * The filter asks for mail, userPrincipalName and proxy addresses at once; whether the directory
 * compares without regard to case is not documented, so the answer is compared here again, in
 * lower case (ASCII letters; other bytes must be equal). */
#ifndef PROTO_GRAPH_USERS_H
#define PROTO_GRAPH_USERS_H

#include "proto/graph/person.h"

enum {
	USERS_EMAIL_MAX = 320,
	USERS_BODY_MAX = 1 << 20,
	USERS_ID_LEN = 36,
};

/* Appends "{graph_url}/v1.0/users?$filter=...&$select=...". */
void users_query(struct buf *b, const char *graph_url, struct slice email);

struct users_match {
	uint32_t n[PERSON_CLASS_COUNT]; /* how many match; of `class`: distinct ids */
	uint8_t class; /* enum person_class: the best there is; PERSON_CLASS_COUNT: nobody matches */
	uint8_t via;   /* enum person_via, of the first of that class */
	char id[USERS_ID_LEN + 1];
};

/* ERR_MALFORMED when the body is no list of users. Rows without a usable id are passed over. */
MUST_CHECK enum err users_answer(struct slice body, struct slice email, struct users_match *ret);

#endif
