/* ami.h - the connector for the Asterisk Manager Interface (Asterisk 16 to 22, FreePBX). */
#ifndef SOURCE_AMI_AMI_H
#define SOURCE_AMI_AMI_H

#include "source/source.h"

extern const struct source_ops ami_source_ops;

#endif
