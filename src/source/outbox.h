/* outbox.h - what leaves a source, in order, until it is drained. For implementers of connectors.
 *
 * Bytes and texts are copied. Over 64 MB or a million items, or when the system has no memory, an item is
 * lost and counted (note LOST): what it carried is healed as lost datagrams are, by time-outs and the next
 * report. */
#ifndef SOURCE_OUTBOX_H
#define SOURCE_OUTBOX_H

#include "base/buf.h"
#include "source/source.h"

struct out_item {
	uint8_t kind, transport, note, result;
	bool open_transport;
	uint16_t port, status;
	uint32_t channel, line, generation;
	uint32_t at, n; /* in outbox.bytes: what is sent, host, or text */
	struct address peer;
	struct obs obs;
};

/* Zeroed is empty. */
struct outbox {
	struct out_item *items;
	uint32_t head, n, cap;
	struct buf bytes;
	uint64_t sent;
	uint64_t counters[NOTE_COUNT];
};

void outbox_fini(struct outbox *o);
/* peer NULL: the stream's, or a connected socket's. */
void outbox_send(struct outbox *o, uint32_t channel, const struct address *peer, struct slice bytes);
/* OUT_CONNECT or OUT_LISTEN. */
void outbox_open(struct outbox *o, enum source_out_kind kind, uint32_t channel, enum transport transport,
		 const char *host, uint16_t port);
/* OUT_CONNECT over what DNS says, no port. */
void outbox_open_by_dns(struct outbox *o, uint32_t channel, enum transport transport, const char *host);
void outbox_close(struct outbox *o, uint32_t channel);
/* OUT_UP, OUT_DOWN (line ID_NONE), OUT_LINE_LOST. */
void outbox_plain(struct outbox *o, enum source_out_kind kind, uint32_t line);
void outbox_obs(struct outbox *o, const struct obs *obs);
void outbox_count(struct outbox *o, enum note n);
/* Counts, and tells people; control characters in the text become question marks. */
void outbox_note(struct outbox *o, enum note n, uint32_t line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void outbox_written(struct outbox *o, uint32_t line, uint32_t generation, enum write_result result,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* OUT_KEEP; a name that is too long counts as none. */
void outbox_keep(struct outbox *o, uint32_t line, struct slice name);
void outbox_answer(struct outbox *o, uint32_t request, uint16_t status, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool outbox_drain(struct outbox *o, struct source_out *ret);

#endif
