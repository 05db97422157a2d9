// SPDX-License-Identifier: BSD-3-Clause
// Starts as a dynamic program that binds on first use.
// build: -pie -fPIE -Wl,-z,lazy -rdynamic -ldl
// packages: libc6

#include "start.h"
