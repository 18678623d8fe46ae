/* view.h - private to this folder: what people see of the agent. */
#ifndef SOURCE_SIP_VIEW_H
#define SOURCE_SIP_VIEW_H

#include "source/sip/agent.h"

void sip_view_source(const struct sip_agent *a, struct source_view *ret);
bool sip_view_line(const struct sip_agent *a, uint32_t line, struct source_line_view *ret);

#endif
