/* alarms_look.h - the snapshot, looked at for what people should be told. Admin thread. */
#ifndef ADMIN_ALARMS_LOOK_H
#define ADMIN_ALARMS_LOOK_H

#include "admin/alarms.h"
#include "admin/snapshot.h"

/* One pass between alarms_begin and alarms_end. Bounded by accounts and connectors. */
void alarms_look(struct alarms *a, struct snapshot *s, struct snap_copy *copy);

#endif
