// SPDX-License-Identifier: BSD-3-Clause
// Starts as a dynamic program at a fixed address.
// link: dynamic
// flags: -no-pie -fno-pie -lm
#include "start.h"
