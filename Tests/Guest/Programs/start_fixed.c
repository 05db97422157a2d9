// SPDX-License-Identifier: BSD-3-Clause
// Starts as a dynamic program at a fixed address.
// build: -no-pie -fno-pie
// packages: libc6

#include "start.h"
