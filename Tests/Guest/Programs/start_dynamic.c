// SPDX-License-Identifier: BSD-3-Clause
// Starts as a dynamic program.
// build: -pie -fPIE
// packages: libc6

#include "start.h"
