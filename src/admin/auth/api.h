/* api.h - what the handlers of this folder share. */
#ifndef ADMIN_AUTH_API_H
#define ADMIN_AUTH_API_H

#include "admin/impl.h"

/* NULL, and the answer given, before the store is there. */
struct auth *api_auth(struct request *r);
/* Takes doc over; NULL: no memory, which is answered. */
void api_answer(struct request *r, int status, json_t *doc);
/* As text in RFC 3339, null for 0 and never. */
json_t *api_instant(int64_t wall_ms);
/* The peer's address, "" on the socket. */
void api_address(const struct request *r, char *dst, size_t cap);
/* A session for somebody whose name, kind, grants and self stand in s (malloc'ed, taken over):
 * cookie and caller are set. NULL, and the answer given, when that fails. */
struct sign_in *api_begin_session(struct request *r, struct auth *a, struct sign_in *s);

/* A sign-in came to nothing: into the record of changes, if it takes more of them. who: NULL when nobody
 * here is meant; what was typed for a name is not kept, it may be a password. */
void api_sign_in_failed(struct request *r, struct auth *a, const char *who, const char *why);

/* Percent-encoded, as a value of a query or form. */
void api_encode(struct buf *b, struct slice s);
/* The way in by Microsoft for the account that the query names, or for the only one; NULL: none. */
json_t *api_microsoft_way(struct request *r);

#endif
