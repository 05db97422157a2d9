// SPDX-License-Identifier: BSD-3-Clause
// Starts as a static program of another C library, at a fixed address.
// link: static
// flags: -no-pie -lm
// compiler: musl-gcc

#include "start.h"
