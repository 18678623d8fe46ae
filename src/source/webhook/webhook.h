/* webhook.h - the connector for whatever can send HTTP: reports come in as requests (FEED_REQUEST)
 * and each is answered at once (OUT_ANSWER): 200 with what became of it; 400 no JSON, 401 wrong
 * token, 404 unknown line, 413 too large, 422 JSON that is no report. See
 * doc/pbx-webhook-yeastar-3cx.md. */
#ifndef SOURCE_WEBHOOK_WEBHOOK_H
#define SOURCE_WEBHOOK_WEBHOOK_H

#include "source/source.h"

extern const struct source_ops webhook_source_ops;

#endif
