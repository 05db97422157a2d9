// SPDX-License-Identifier: BSD-3-Clause
//
// The first process of the Linux guest that l2fwd is compared with: loads the kernel's modules and
// puts both network cards into one bridge, which then forwards what comes in by the one to the other.
//
//   /modules/list   names of the kernel's modules in the order of loading, one a line

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Says what failed on the console and ends the machine.
static void fail(const char *what, const char *name) {
  fprintf(stderr, "martlet-bench: %s %s: %s\n", what, name, strerror(errno));
  reboot(LINUX_REBOOT_CMD_RESTART);
  _exit(1);
}

static void insert_modules(void) {
  static char list[4096];
  int file = open("/modules/list", O_RDONLY);
  if (file < 0 || read(file, list, sizeof list - 1) <= 0) fail("read", "/modules/list");
  close(file);
  for (char *name = strtok(list, "\n"); name; name = strtok(NULL, "\n")) {
    char path[256];
    snprintf(path, sizeof path, "/modules/%s", name);
    int module = open(path, O_RDONLY | O_CLOEXEC);
    if (module < 0) fail("open", path);
    if (syscall(SYS_finit_module, module, "", 0) != 0 && errno != EEXIST) fail("load", path);
    close(module);
  }
}

static void bring_up(int control, const char *name) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_PROMISC;
  if (ioctl(control, SIOCSIFFLAGS, &request) != 0) fail("bring up", name);
}

int main(void) {
  const char *cards[] = {"eth0", "eth1"};
  insert_modules();
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (ioctl(control, SIOCBRADDBR, "br0") != 0) fail("make", "br0");
  for (int index = 0; index < 2; index++) {
    struct ifreq request = {.ifr_name = "br0"};
    request.ifr_ifindex = if_nametoindex(cards[index]);
    if (request.ifr_ifindex == 0 || ioctl(control, SIOCBRADDIF, &request) != 0)
      fail("add", cards[index]);
    bring_up(control, cards[index]);
  }
  bring_up(control, "br0");
  fprintf(stderr, "martlet-bench: ready\n");
  for (;;) pause();
}
