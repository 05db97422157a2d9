// SPDX-License-Identifier: BSD-3-Clause
// Starts as a dynamic program that binds on first use.
// link: dynamic
// flags: -Wl,-z,lazy -rdynamic -lm
#include "start.h"
