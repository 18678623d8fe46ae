/* cloud_control.h - private: the control API's two halves, reading and setting. */
#ifndef SIM_CLOUD_CONTROL_H
#define SIM_CLOUD_CONTROL_H

#include "cloud_parts.h"

/* One control request. user is set when the path names one. */
struct control {
	struct cloud *c;
	struct slice query;
	json_t *in; /* an object or array, NULL without a body */
	uint32_t user;
	struct slice name; /* the path's variable part, decoded */
	int status;
	json_t *out;
};

typedef void control_h(struct control *q);

/* Answers {"error": text}. */
void control_refuse(struct control *q, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

control_h control_state, control_users, control_user, control_log, control_counters, control_faults,
	control_limiter, control_clock;
control_h control_calendar;
control_h control_add_users, control_delete_user, control_client, control_pin, control_message, control_away,
	control_advance, control_add_faults, control_clear_faults, control_set_limiter,
	control_switches, control_add_app, control_roles, control_reset;
/* cloud_control_people.c */
control_h control_change_user, control_groups, control_put_group;
control_h control_certificates, control_add_certificate, control_drop_certificates, control_secret,
	control_session;

#endif
