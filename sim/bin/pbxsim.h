/* pbxsim.h - private to the binary: its control API. */
#ifndef SIM_BIN_PBXSIM_H
#define SIM_BIN_PBXSIM_H

#include "pbx.h"
#include "program.h"

extern const struct route pbxsim_routes[]; /* pbxsim_control.c */

#endif
