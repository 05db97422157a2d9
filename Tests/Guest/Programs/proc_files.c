// SPDX-License-Identifier: BSD-3-Clause
// /proc and /sys: what programs read there can be parsed and is true.

#include "check.h"

#include <dirent.h>
#include <sys/mman.h>

static int lines_of(const char *path) {
  FILE *file = fopen(path, "r");
  int lines = 0, byte;
  if (!file) return -1;
  while ((byte = fgetc(file)) != EOF) lines += byte == '\n';
  fclose(file);
  return lines;
}

// The rights of the mapping that holds `address`, as /proc/self/maps says, or "".
static const char *rights_of(const void *address, char *path) {
  static char rights[8];
  FILE *file = fopen("/proc/self/maps", "r");
  char line[512];
  unsigned long last = 0, start, end;
  rights[0] = 0;
  while (file && fgets(line, sizeof line, file)) {
    char found[8], name[256] = "";
    if (sscanf(line, "%lx-%lx %7s %*x %*x:%*x %*d %255s", &start, &end, found, name) < 3 ||
        start < last || end <= start)
      return "unparsed";
    last = end;
    if ((uintptr_t)address >= start && (uintptr_t)address < end) {
      strcpy(rights, found);
      if (path) strcpy(path, name);
    }
  }
  if (file) fclose(file);
  return rights;
}

int main(int count UNUSED, char **arguments) {
  char path[512] = "", other[512] = "";
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  check(length > 0 && path[0] == '/' && strstr(path, "proc_files"), "/proc/self/exe");
  check_equal(access(path, X_OK), 0, "is there");
  int local = 0;
  static int variable = 1;
  check_text(rights_of((void *)(uintptr_t)main, other), "r-xp", "maps: the program's text");
  check_text(other, path, "with its path");
  check_text(rights_of(&variable, NULL), "rw-p", "its data");
  check_text(rights_of(&local, other), "rw-p", "the stack");
  check_text(other, "[stack]", "by its name");
  void *block = malloc(64);
  check_text(rights_of(block, other), "rw-p", "the heap");
  check_text(other, "[heap]", "by its name");
  void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check_text(rights_of(page, NULL), "r--s", "a shared page");
  munmap(page, 4096);
  check_text(rights_of(page, NULL), "", "that is gone");

  char name[64] = "", state = 0;
  int number = 0;
  FILE *file = fopen("/proc/self/stat", "r");
  check(file && fscanf(file, "%d %63s %c", &number, name, &state) == 3, "/proc/self/stat");
  check(number == getpid() && state == 'R', "has the process and its state");
  check_text(name, "(proc_files)", "and its name");
  check(strstr(get_file("/proc/self/status"), "VmRSS:") != NULL, "/proc/self/status");
  check(strstr(get_file("/proc/meminfo"), "MemTotal:") != NULL, "/proc/meminfo");
  check(strstr(get_file("/proc/meminfo"), "MemAvailable:") != NULL, "with what is available");
  check(strstr(get_file("/proc/cpuinfo"), "processor\t: 0") != NULL, "/proc/cpuinfo");
  check(strstr(get_file("/proc/mounts"), " / ") != NULL, "/proc/mounts has the root");
  check(strstr(get_file("/proc/self/mountinfo"), " / ") != NULL, "/proc/self/mountinfo too");
  check(lines_of("/proc/stat") > 1, "/proc/stat");
  double up = 0, idle = 0;
  check(sscanf(get_file("/proc/uptime"), "%lf %lf", &up, &idle) == 2 && up > 0, "/proc/uptime");
  check(strncmp(get_file("/proc/version"), "Linux version ", 14) == 0, "/proc/version");
  check(strstr(get_file("/proc/filesystems"), "proc") != NULL, "/proc/filesystems");
  const char *command = get_file("/proc/self/cmdline");
  check_text(command, arguments[0], "/proc/self/cmdline");
  check_text(get_file("/proc/self/comm"), "proc_files\n", "/proc/self/comm");
  int value = -1;
  check(sscanf(get_file("/proc/sys/vm/overcommit_memory"), "%d", &value) == 1, "vm/overcommit_memory");
  check(sscanf(get_file("/proc/sys/net/core/somaxconn"), "%d", &value) == 1, "net/core/somaxconn");
  check(sscanf(get_file("/proc/sys/kernel/pid_max"), "%d", &value) == 1, "kernel/pid_max");
  check(get_file("/sys/devices/system/cpu/online")[0] == '0', "/sys: online processors");
  check(get_file("/sys/devices/system/cpu/possible")[0] == '0', "possible processors");
  check(strchr(get_file("/sys/kernel/mm/transparent_hugepage/enabled"), '[') != NULL, "huge pages");

  int opened = open("/dev/null", O_RDONLY);
  snprintf(name, sizeof name, "/proc/self/fd/%d", opened);
  length = readlink(name, other, sizeof other);
  check(length == 9 && memcmp(other, "/dev/null", 9) == 0, "/proc/self/fd names an open file");
  DIR *folder = opendir("/proc/self/fd");
  int entries = 0;
  while (folder && readdir(folder)) entries++;
  check(entries >= 6, "and lists them");
  check_error(open("/proc/missing", O_RDONLY), ENOENT, "what is not there is not there");
  check_error(open("/proc/self/exe/x", O_RDONLY), ENOTDIR, "nor below a file");
  struct stat s;
  check(stat("/proc/self", &s) == 0 && S_ISDIR(s.st_mode), "/proc/self is a folder");
  check(lstat("/proc/self", &s) == 0 && S_ISLNK(s.st_mode), "by a link");
  snprintf(name, sizeof name, "/proc/%d/exe", getpid());
  check_equal(access(name, F_OK), 0, "the process has a folder by its number");
  return finish();
}
