/* service.h - the daemon as a systemd service: READY, RELOADING, STATUS, WATCHDOG. Without systemd all of it
 * does nothing. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <stdint.h>

void service_ready(void);
/* service_ready ends it. */
void service_reloading(int64_t mono_ms);
void service_stopping(void);
void service_status(const char *text);
/* Half of the watchdog's time, 0 without one. Asked once at start. */
int64_t service_watchdog_ms(void);
void service_alive(void);

#endif
