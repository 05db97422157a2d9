// SPDX-License-Identifier: BSD-3-Clause
// Debian's build makes this file: where Lua looks for modules in C, of which an image has none.
#define DEB_HOST_MULTIARCH "x86_64-linux-musl"
