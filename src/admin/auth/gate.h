/* gate.h - may this request do what its route does? For handlers of routes.def. */
#ifndef ADMIN_AUTH_GATE_H
#define ADMIN_AUTH_GATE_H

#include "admin/auth/caller.h"

struct auth;
struct request;
struct sign_in;

/* Answers 401, 403 or 404 (r->status) when it may not; else the handler may be called. */
void gate_check(struct request *r);

/* The caller's role on an account by name is at least `role`; NULL: on all accounts. */
bool caller_may(const struct request *r, const char *account, enum role role);
/* At least a viewer of the account with this id: what lists show. */
bool caller_sees(const struct request *r, uint16_t account);
/* A caller who sees everything needs no filter. */
bool caller_sees_all(const struct request *r);

/* Writes down who changed what: account "" or NULL for what concerns no single one; verb in one
 * word
 * ("import", "delete"), object what it was done to ("user ana@acme.example"), detail free text
 * without secrets, may be NULL. After the change was taken. */
void request_changed(struct request *r, const char *account, const char *verb, const char *object,
		     const char *detail);

/* The session whose cookie the request brings; NULL: none that lasts. */
struct sign_in *gate_session(const struct request *r, struct auth *auth);
const char *gate_cookie_name(const struct request *r);
/* The browser came by TLS, to us or to what stands before us (server.url). */
bool gate_is_secure(const struct request *r);
/* For long answers: false when the caller may do something else now than when the request was let
 * in. */
bool gate_still_same(struct request *r);

#endif
