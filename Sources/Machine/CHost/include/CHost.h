// SPDX-License-Identifier: BSD-3-Clause

// System calls of the host that the C library's Swift module does not offer.

#ifndef MARTLET_CHOST_H
#define MARTLET_CHOST_H

/// Lets `backlog` connections wait at the listening socket that is descriptor `descriptor` of
/// process `process`, which must be a child of this one (pidfd_getfd(2), listen(2)). Returns 0, or
/// the errno.
int martlet_set_backlog(int process, int descriptor, int backlog);

#endif
