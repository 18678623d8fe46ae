/* status_message.h - a person's status message: the body of setStatusMessage, and what a presence
 * shows.
 *
 * contentType is text: Graph takes no other. Clients have been seen to mark a message that is also
 * shown to those who write to the person by an empty <pinnednote> at its end; it does not count in
 * a comparison. */
#ifndef PROTO_GRAPH_STATUS_MESSAGE_H
#define PROTO_GRAPH_STATUS_MESSAGE_H

#include "base/buf.h"

enum { STATUS_MESSAGE_MAX = 2048 };

/* expiry_wall_ms INT64_MAX: it never ends. An empty text takes the message away. */
void status_message_body(struct buf *b, struct slice text, int64_t expiry_wall_ms);
/* The text that a presence shows, "" when it shows none; cut at cap - 1 bytes. ERR_MALFORMED: no
 * presence. */
MUST_CHECK enum err status_message_shown(struct slice presence, char *dst, size_t cap);
bool status_message_same(struct slice a, struct slice b);

#endif
