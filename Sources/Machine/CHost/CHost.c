// SPDX-License-Identifier: BSD-3-Clause

#include "CHost.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int martlet_set_backlog(int process, int descriptor, int backlog) {
  int handle = (int)syscall(SYS_pidfd_open, process, 0);
  if (handle < 0) return errno;
  int own = (int)syscall(SYS_pidfd_getfd, handle, descriptor, 0);
  int failure = own < 0 ? errno : 0;
  close(handle);
  if (own < 0) return failure;
  failure = listen(own, backlog) < 0 ? errno : 0;
  close(own);
  return failure;
}
