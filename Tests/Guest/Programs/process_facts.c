// SPDX-License-Identifier: BSD-3-Clause
// What a program can ask about itself and the system, and exec of what cannot run.

#include "check.h"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

int main(void) {
  struct utsname names;
  check_equal(uname(&names), 0, "uname");
  check_text(names.sysname, "Linux", "says Linux");
  check_text(names.machine, "x86_64", "on x86_64");
  int major = 0, minor = 0;
  check(sscanf(names.release, "%d.%d", &major, &minor) == 2 && major >= 4, "with a release");
  check(names.nodename[0] && names.version[0], "a name and a version");
  struct sysinfo info;
  check(sysinfo(&info) == 0 && info.totalram > 0 && info.freeram <= info.totalram, "sysinfo");
  check(info.mem_unit > 0 && info.procs > 0, "with unit and processes");
  check(getpid() > 0 && getppid() >= 0 && getpgrp() >= 0 && getsid(0) >= 0, "process numbers");
  check(getuid() == geteuid() && getgid() == getegid(), "user and group");
  uid_t real, effective, saved;
  check(getresuid(&real, &effective, &saved) == 0 && real == getuid(), "getresuid");
  check(getgroups(0, NULL) >= 0, "getgroups");

  unsigned char random[256] = {0}, more[256] = {0};
  check_equal(getrandom(random, 256, 0), 256, "getrandom");
  getrandom(more, 256, GRND_NONBLOCK);
  check(memcmp(random, more, 256) != 0, "gives something else each time");
  check_error(getrandom(random, 16, 0x100), EINVAL, "unknown flags fail");
  check_error(syscall(SYS_getrandom, 8, 16, 0), EFAULT, "a bad address fails");
  long histogram[256] = {0}, worst = 0;
  static unsigned char many[1 << 20];
  for (size_t got = 0; got < sizeof many;) got += getrandom(many + got, sizeof many - got, 0);
  for (size_t index = 0; index < sizeof many; index++) histogram[many[index]]++;
  for (int index = 0; index < 256; index++)
    if (labs(histogram[index] - 4096) > worst) worst = labs(histogram[index] - 4096);
  check(worst < 512, "every byte is about as frequent");

  struct rlimit limit;
  for (int resource = 0; resource < RLIMIT_NLIMITS; resource++)
    if (getrlimit(resource, &limit) != 0) check(false, "getrlimit");
  check(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 256, "at least 256 descriptors");
  check_error(getrlimit(99, &limit), EINVAL, "an unknown limit fails");
  limit.rlim_cur = 2;
  limit.rlim_max = 1;
  check_error(setrlimit(RLIMIT_CORE, &limit), EINVAL, "a limit above its maximum fails");
  limit.rlim_cur = limit.rlim_max = 0;
  check_equal(setrlimit(RLIMIT_CORE, &limit), 0, "setrlimit");
  getrlimit(RLIMIT_CORE, &limit);
  check(limit.rlim_cur == 0 && limit.rlim_max == 0, "is kept");
  char name[17] = "";
  check_equal(prctl(PR_SET_NAME, "a-name-of-the-thread"), 0, "PR_SET_NAME");
  prctl(PR_GET_NAME, name);
  check_text(name, "a-name-of-the-t", "is cut to 15 bytes");
  check_error(prctl(9999, 0, 0, 0, 0), EINVAL, "an unknown prctl fails");
  mode_t mask = umask(027);
  check_equal(umask(mask), 027, "umask gives the old one");
  check_error(syscall(9999), ENOSYS, "a call that is not there fails with ENOSYS");
  check(sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_PHYS_PAGES) > 0, "sysconf");
  check(sysconf(_SC_NPROCESSORS_CONF) >= 1, "processors");
  errno = 0;
  check(getpriority(PRIO_PROCESS, 0) >= -20 && errno == 0, "a priority");

  char *arguments[] = {"x", NULL}, *none[] = {NULL};
  check_error(execve("/missing", arguments, none), ENOENT, "exec of a missing file");
  check_error(execve("/", arguments, none), EACCES, "exec of a folder");
  scratch_enter();
  put_file("text", "no program");
  check_error(execve("text", arguments, none), EACCES, "exec without an x bit");
  check_error(syscall(SYS_execve, 8, arguments, none), EFAULT, "exec of a bad address");
  check_error(execve("", arguments, none), ENOENT, "exec of nothing");
  return finish();
}
