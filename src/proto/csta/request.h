/* request.h - writes CSTA messages: services asked of the switch and answers to it.
 *
 * Every call begins a frame in b and ends it but for the head, which csta_frame_end writes; foreign
 * text is escaped. `edition` is the N of the namespace .../ecma-323/csta/edN. */
#ifndef PROTO_CSTA_REQUEST_H
#define PROTO_CSTA_REQUEST_H

#include "proto/csta/frame.h"

enum { CSTA_EDITION_MIN = 3, CSTA_EDITION_MAX = 6, CSTA_EDITION_DEFAULT = 5, CSTA_EDITION_ANY = 0 };
enum { CSTA_OUTSTANDING_MAX = 256 }; /* lines in a step at a time: half of what may be in flight */

/* An element for the root only: RequestSystemStatus, SystemStatusResponse ... */
void csta_put_plain(struct buf *b, uint8_t edition, const char *root);
/* root{element text}: SnapshotDevice{snapshotObject}, GetDoNotDisturb{device}, MonitorStop{...} ...
 */
void csta_put_one(struct buf *b, uint8_t edition, const char *root, const char *element,
		  struct slice text);
void csta_put_monitor_start(struct buf *b, uint8_t edition, struct slice device);
void csta_put_set_dnd(struct buf *b, uint8_t edition, struct slice device, bool on);
/* OpenScape's log-in: SystemRegister{requestTypes{systemStatus true}}. */
void csta_put_register(struct buf *b, uint8_t edition);
/* The first step of the path is the root, the last holds the word; beside it stand the device, before,
 * and behind it `until`, unless its name is NULL or its text empty. */
void csta_put_word(struct buf *b, uint8_t edition, const char *path, struct slice device,
		   struct slice word, const char *until, struct slice until_text);
/* The same with the lamp, in an element of that name, behind the device: SetLampMode. */
void csta_put_lamp(struct buf *b, uint8_t edition, const char *path, struct slice device,
		   const char *element, struct slice lamp, struct slice word);
/* service{device, element lamp}: GetLampMode. */
void csta_put_get_lamp(struct buf *b, uint8_t edition, const char *service, struct slice device,
		       const char *element, struct slice lamp);

/* ---- sessions (ECMA-354) ---- */

struct csta_login {
	const char *element, *ns;	 /* SessionLoginInfo and its namespace; "": none */
	struct slice username, password; /* username empty: no log-in is said */
	uint32_t duration_s;
};

/* Offers that edition, or with CSTA_EDITION_ANY all of them, the newest first. The caller wipes b: it
 * holds the password. */
void csta_put_session_start(struct buf *b, uint8_t edition, const struct csta_login *login);
/* The edition that an actualProtocolVersion names, or 0. */
uint8_t csta_edition_of(struct slice version);
/* sessionID is the switch's. */
void csta_put_session_reset(struct buf *b, struct slice session, uint32_t duration_s);

#endif
