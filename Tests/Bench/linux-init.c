// SPDX-License-Identifier: BSD-3-Clause
//
// The first process of the Linux guest that Martlet's servers are compared with. It prepares what a
// server finds in Martlet - the same root, one network card with an address - and becomes the
// server. It is linked statically and alone in the initial archive with its configuration:
//
//   /modules/list   names of the kernel's modules in the order of loading, one a line
//   /address        ADDRESS PREFIX-LENGTH of eth0
//   /arguments      the server's argument vector, each with a NUL behind it
//   /environment    its environment, in the same form
//   /cwd            its working directory
//
// The root is an EROFS image on /dev/vda. It is copied into memory, since Martlet has it there too:
// neither a disk nor an overlay stands between the server and its files.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { argument_limit = 256, text_limit = 64 << 10, copy_size = 1 << 20 };

// Says what failed on the console and ends the machine.
static void fail(const char *what, const char *name) {
  fprintf(stderr, "martlet-bench: %s %s: %s\n", what, name, strerror(errno));
  sync();
  reboot(LINUX_REBOOT_CMD_RESTART);
  _exit(1);
}

static size_t load(const char *path, char *buffer, size_t size) {
  int file = open(path, O_RDONLY);
  if (file < 0) fail("open", path);
  size_t length = 0;
  ssize_t count;
  while (length < size - 1 && (count = read(file, buffer + length, size - 1 - length)) > 0)
    length += count;
  close(file);
  buffer[length] = 0;
  return length;
}

static void insert_modules(void) {
  static char list[text_limit];
  load("/modules/list", list, sizeof list);
  for (char *name = strtok(list, "\n"); name; name = strtok(NULL, "\n")) {
    char path[256];
    snprintf(path, sizeof path, "/modules/%s", name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) fail("open", path);
    if (syscall(SYS_finit_module, file, "", 0) != 0 && errno != EEXIST) fail("load", path);
    close(file);
  }
}

static void copy_file(const char *from, const char *to, mode_t mode) {
  static char buffer[copy_size];
  int source = open(from, O_RDONLY);
  int target = open(to, O_WRONLY | O_CREAT | O_TRUNC, mode & 07777);
  if (source < 0) fail("open", from);
  if (target < 0) fail("create", to);
  ssize_t count;
  while ((count = read(source, buffer, sizeof buffer)) > 0)
    if (write(target, buffer, count) != count) fail("write", to);
  if (count < 0) fail("read", from);
  close(source);
  close(target);
}

static void copy(const char *from, const char *to) {
  struct stat info;
  if (lstat(from, &info) != 0) fail("stat", from);
  if (S_ISDIR(info.st_mode)) {
    if (mkdir(to, 0755) != 0 && errno != EEXIST) fail("mkdir", to);
    DIR *folder = opendir(from);
    if (!folder) fail("open", from);
    for (struct dirent *entry; (entry = readdir(folder));) {
      if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
      char *source, *target;
      if (asprintf(&source, "%s/%s", from, entry->d_name) < 0) fail("name", from);
      if (asprintf(&target, "%s/%s", to, entry->d_name) < 0) fail("name", to);
      copy(source, target);
      free(source);
      free(target);
    }
    closedir(folder);
  } else if (S_ISLNK(info.st_mode)) {
    char link[4096];
    ssize_t length = readlink(from, link, sizeof link - 1);
    if (length < 0) fail("readlink", from);
    link[length] = 0;
    if (symlink(link, to) != 0) fail("symlink", to);
  } else if (S_ISREG(info.st_mode)) {
    copy_file(from, to, info.st_mode);
  } else if (mknod(to, info.st_mode, info.st_rdev) != 0) {
    fail("mknod", to);
  }
  if (lchown(to, info.st_uid, info.st_gid) != 0) fail("chown", to);
  // After chown, which takes set-user-ID bits away.
  if (!S_ISLNK(info.st_mode) && chmod(to, info.st_mode & 07777) != 0) fail("chmod", to);
}

static void mount_at(const char *type, const char *source, const char *place, unsigned long flags) {
  mkdir(place, 0755);
  if (mount(source, place, type, flags, NULL) != 0) fail("mount", place);
}

static void prepare_root(void) {
  mount_at("devtmpfs", "dev", "/dev", 0);
  for (int turn = 0; access("/dev/vda", F_OK) != 0; turn++) {
    if (turn == 500) fail("wait for", "/dev/vda");
    usleep(10000);
  }
  mount_at("erofs", "/dev/vda", "/image", MS_RDONLY);
  mount_at("tmpfs", "root", "/root", 0);
  copy("/image", "/root");
  umount("/image");
  mount_at("proc", "proc", "/root/proc", 0);
  mount_at("sysfs", "sys", "/root/sys", 0);
  mount_at("devtmpfs", "dev", "/root/dev", 0);
  mkdir("/root/dev/shm", 01777);
  mkdir("/root/tmp", 01777);
}

static void bring_up(int socket, const char *name) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(socket, SIOCSIFFLAGS, &request) != 0) fail("bring up", name);
}

static void set_address(int socket, unsigned long request_number, in_addr_t address) {
  struct ifreq request = {.ifr_name = "eth0"};
  struct sockaddr_in *place = (struct sockaddr_in *)&request.ifr_addr;
  place->sin_family = AF_INET;
  place->sin_addr.s_addr = address;
  if (ioctl(socket, request_number, &request) != 0) fail("set the address of", "eth0");
}

static void configure_network(void) {
  char text[128], address[64];
  int length;
  load("/address", text, sizeof text);
  if (sscanf(text, "%63s %d", address, &length) != 2) fail("read", "/address");
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bring_up(control, "lo");
  set_address(control, SIOCSIFADDR, inet_addr(address));
  set_address(control, SIOCSIFNETMASK, htonl(~0u << (32 - length)));
  bring_up(control, "eth0");
  close(control);
}

// Splits a text at its NULs; the vector ends with NULL.
static void split(const char *path, char *text, char **vector) {
  size_t length = load(path, text, text_limit), count = 0;
  for (char *word = text; word < text + length && count < argument_limit - 1;) {
    vector[count++] = word;
    word += strlen(word) + 1;
  }
  vector[count] = NULL;
}

int main(void) {
  static char arguments[text_limit], environment[text_limit], cwd[4096];
  static char *argv[argument_limit], *envp[argument_limit];
  insert_modules();
  configure_network();
  prepare_root();
  split("/arguments", arguments, argv);
  split("/environment", environment, envp);
  load("/cwd", cwd, sizeof cwd);
  struct rlimit limit = {65536, 65536};
  setrlimit(RLIMIT_NOFILE, &limit);
  if (chroot("/root") != 0 || chdir(cwd) != 0) fail("enter", cwd);
  fprintf(stderr, "martlet-bench: ready\n");
  execve(argv[0], argv, envp);
  fail("run", argv[0]);
}
