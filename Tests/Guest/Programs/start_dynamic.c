// SPDX-License-Identifier: BSD-3-Clause
// Starts as a dynamic program.
// link: dynamic
// flags: -lm
#include "start.h"
