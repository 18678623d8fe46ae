/* err.h - the closed list of ways in which a function can fail.
 *
 * Fallible functions return `enum err`; ERR_OK is 0. Out parameters are untouched on failure.
 * The values keep apart whose fault it was, because the answer differs: our own bug, bytes that
 * are no message, a peer that broke its protocol, and "try later". */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
	ERR_OK = 0,
	ERR_BUG,       /* the caller broke a contract of ours */
	ERR_MALFORMED, /* the bytes are no message of their format */
	ERR_PROTOCOL,  /* well-formed, but the peer broke the protocol */
	ERR_AGAIN,     /* nothing wrong: more bytes or a later time are needed */
	ERR_LIMIT,     /* a stated maximum was reached */
	ERR_DENIED,    /* the peer or our rules forbid it */
	ERR_NOT_FOUND, /* the named object does not exist */
	ERR_EXISTS,    /* the named object exists already */
	ERR_NO_MEMORY,
	ERR_IO,        /* the system refused: socket, file, database */
	ERR_COUNT
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* A lower-case name for logs and API answers; never NULL. */
const char *err_name(enum err e);

#endif
