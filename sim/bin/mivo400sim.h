/* mivo400sim.h - private to the binary: its control API. */
#ifndef SIM_BIN_MIVO400SIM_H
#define SIM_BIN_MIVO400SIM_H

#include "mivo.h"
#include "program.h"

extern const struct route mivo400sim_routes[]; /* mivo400sim_control.c */

#endif
