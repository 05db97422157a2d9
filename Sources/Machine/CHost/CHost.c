// SPDX-License-Identifier: BSD-3-Clause

#define _GNU_SOURCE

#include "CHost.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;

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

static const int held[] = {SIGINT, SIGTERM, SIGHUP};

// The child's side, between vfork(2) and exec: it writes nothing of its parent's but `failure`.
static void become(const char *path, char *const arguments[], const int *descriptors, int count,
                   int errors, int parent, volatile int *failure) {
  sigset_t none;
  sigemptyset(&none);
  signal(SIGPIPE, SIG_DFL);
  for (unsigned i = 0; i < sizeof held / sizeof held[0]; i++) signal(held[i], SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, 0);
  setpgid(0, 0);
  int nothing = open("/dev/null", O_RDONLY);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && nothing >= 0 &&
      dup2(nothing, 0) == 0 && dup2(errors, 1) == 1 && dup2(errors, 2) == 2) {
    int index = 0;
    while (index < count && dup2(descriptors[index], 3 + index) >= 0) index++;
    if (index == count) execve(path, arguments, environ);
  }
  *failure = errno;
  _exit(127);
}

int martlet_start_process(const char *path, char *const arguments[], const int *descriptors,
                          int count, int errors, int *process) {
  volatile int failure = 0;
  int parent = getpid();
  int child = vfork();
  if (child < 0) return errno;
  if (child == 0) become(path, arguments, descriptors, count, errors, parent, &failure);
  *process = child;
  return failure;
}

int martlet_hold_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  for (unsigned i = 0; i < sizeof held / sizeof held[0]; i++) sigaddset(&set, held[i]);
  sigprocmask(SIG_BLOCK, &set, 0);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

int martlet_held_signal(int descriptor) {
  struct signalfd_siginfo info;
  return read(descriptor, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

int martlet_process_descriptor(int process) {
  return (int)syscall(SYS_pidfd_open, process, 0);
}

// The TCP port on which a socket listens; 0 for any other descriptor.
static unsigned short listening_port(int socket) {
  union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
  } address;
  socklen_t length = sizeof address;
  int listens = 0, kind = 0;
  socklen_t size = sizeof listens, kind_size = sizeof kind;
  if (getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens) return 0;
  if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &kind, &kind_size) < 0) return 0;
  if (kind != SOCK_STREAM) return 0;
  if (getsockname(socket, &address.any, &length) < 0) return 0;
  if (address.any.sa_family == AF_INET) return ntohs(address.four.sin_port);
  if (address.any.sa_family == AF_INET6) return ntohs(address.six.sin6_port);
  return 0;
}

int martlet_widen_backlogs(int process, const unsigned short *ports, int count, int backlog) {
  int handle = martlet_process_descriptor(process), done = 0;
  if (handle < 0) return 0;
  // The emulator opens them among its first.
  for (int descriptor = 3; descriptor < 128; descriptor++) {
    int own = (int)syscall(SYS_pidfd_getfd, handle, descriptor, 0);
    if (own < 0) continue;
    unsigned short port = listening_port(own);
    for (int i = 0; port != 0 && i < count; i++) {
      if (ports[i] == port && listen(own, backlog) == 0) done++;
    }
    close(own);
  }
  close(handle);
  return done;
}

int martlet_file(const void *bytes, unsigned long count) {
  int file = memfd_create("martlet", 0);
  if (file >= 0 && write(file, bytes, count) != (ssize_t)count) {
    close(file);
    return -1;
  }
  if (file >= 0) lseek(file, 0, SEEK_SET);
  return file;
}

int martlet_connect(unsigned short port, int seconds) {
  int own = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (own < 0) return -1;
  struct timeval limit = {.tv_sec = seconds};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(own, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect(own, (struct sockaddr *)&address, sizeof address) == 0) return own;
  close(own);
  return -1;
}
