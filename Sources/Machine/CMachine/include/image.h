// SPDX-License-Identifier: BSD-3-Clause

// Where an image lies in physical memory; the tool chooses for each kind of image (LinkerScript).
#ifndef MARTLET_IMAGE_PHYSICAL
#define MARTLET_IMAGE_PHYSICAL 0x200000
#endif
// How many large pages an image takes at most, counted from the one in which it begins.
#ifndef MARTLET_IMAGE_TABLES
#define MARTLET_IMAGE_TABLES 4
#endif
