/* csta.h - the connector for CSTA III XML over TCP: MiVoice Office 400, OpenScape Voice, Eltex and
 * others. */
#ifndef SOURCE_CSTA_CSTA_H
#define SOURCE_CSTA_CSTA_H

#include "source/source.h"

extern const struct source_ops csta_source_ops;

#endif
