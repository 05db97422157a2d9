// SPDX-License-Identifier: BSD-3-Clause
// Starts as a static program at a fixed address.
// link: static
// flags: -no-pie -lm

#include "start.h"
