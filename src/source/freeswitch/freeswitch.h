/* freeswitch.h - the connector for FreeSWITCH's event socket (mod_event_socket, TCP 8021, inbound
 * mode): log-in, CHANNEL_CALLSTATE and the table of channels for calls, registrations, PRESENCE_IN
 * for DND and the user's own presence. Written from FreeSWITCH's documentation and source; see
 * doc/pbx-freeswitch.md. */
#ifndef SOURCE_FREESWITCH_FREESWITCH_H
#define SOURCE_FREESWITCH_FREESWITCH_H

#include "source/source.h"

extern const struct source_ops freeswitch_source_ops;

#endif
