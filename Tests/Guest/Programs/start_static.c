// SPDX-License-Identifier: BSD-3-Clause
// Starts as a static program at a fixed address.
// build: -static -no-pie

#include "start.h"
