// SPDX-License-Identifier: BSD-3-Clause
// Starts as a static program that may lie anywhere.
// build: -static-pie -fPIE

#include "start.h"
