// SPDX-License-Identifier: BSD-3-Clause

// System calls of the host that the C library's Swift module does not offer.

#ifndef MARTLET_CHOST_H
#define MARTLET_CHOST_H

/// Lets `backlog` connections wait at the listening socket that is descriptor `descriptor` of
/// process `process`, which must be a child of this one (pidfd_getfd(2), listen(2)). Returns 0, or
/// the errno.
int martlet_set_backlog(int process, int descriptor, int backlog);

/// Starts a program with `descriptors[0]` as its descriptor 3, and so on, nothing to read, and
/// `errors` as its standard output and error; in a process group of its own, with all signals as at
/// first. It is killed when the thread that started it ends. Returns 0, or the errno.
int martlet_start_process(const char *path, char *const arguments[], const int *descriptors,
                          int count, int errors, int *process);

/// Holds SIGINT, SIGTERM and SIGHUP back and returns a descriptor that tells of them, or -1.
int martlet_hold_signals(void);

/// The next signal that was held back.
int martlet_held_signal(int descriptor);

/// A descriptor that can be read when the process has ended, or -1 (pidfd_open(2)).
int martlet_process_descriptor(int process);

/// Lets `backlog` connections wait at the sockets with which the process, a child of this one,
/// listens on TCP ports of the list. Returns how many there are by now.
int martlet_widen_backlogs(int process, const unsigned short *ports, int count, int backlog);

/// A file without a name that holds the bytes, and that a program which is started later keeps.
int martlet_file(const void *bytes, unsigned long count);

/// A connection to a TCP port of 127.0.0.1, whose reads give up after so many seconds, or -1.
int martlet_connect(unsigned short port, int seconds);

#endif
