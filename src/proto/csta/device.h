/* device.h - what a device identifier names.
 *
 * The forms met (ECMA-269 12.3.8 and what switches send): "123"; the dialling number "N<123>", with
 * a sub-device "N<123!98>", with a name behind it "N<+4131...>Name;displayNumber=..."; "tel:" and
 * "sip:" URIs. */
#ifndef PROTO_CSTA_DEVICE_H
#define PROTO_CSTA_DEVICE_H

#include "base/slice.h"

/* The part that is compared: between < and the first of > ! ; or a URI's user without parameters,
 * or all of it. A slice of id. */
struct slice csta_device_number(struct slice id);
/* Without regard to case. A number with a prefix is another number than the extension. */
bool csta_device_same(struct slice a, struct slice b);

#endif
