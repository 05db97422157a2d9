// SPDX-License-Identifier: BSD-3-Clause
// Starts as a static program that may lie anywhere.
// link: dynamic
// flags: -static-pie -fPIE -lm

#include "start.h"
