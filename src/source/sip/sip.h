/* sip.h - the SIP connector: SUBSCRIBE and NOTIFY for the packages dialog and presence (RFC 6665,
 * 4235, 3856), over UDP, TCP and TLS, singly and by lists (RFC 4662).
 *
 * Channels that it asks for have ids below 0x40000000; those of accepted connections, which the
 * shell picks, start there. Two agents with the same seed use the same Call-IDs: in production the
 * seed must be random at every start, since it also keeps Call-IDs and tags from being guessed. */
#ifndef SOURCE_SIP_SIP_H
#define SOURCE_SIP_SIP_H

#include "source/source.h"

extern const struct source_ops sip_source_ops;

#endif
