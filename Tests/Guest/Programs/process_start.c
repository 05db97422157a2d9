// SPDX-License-Identifier: BSD-3-Clause
// What a program is given: arguments, environment, the auxiliary vector, standard streams.
// arguments: one "two" %20 --four=4
// input: a line

#include "check.h"

#include <elf.h>
#include <sys/auxv.h>

extern char **environ;

int main(int count, char **arguments) {
  for (int index = 1; index < count; index++) printf("argument %d \"%s\"\n", index, arguments[index]);
  check_equal(count, 5, "five arguments");
  check(arguments[count] == NULL, "and a null pointer");
  check(strstr(arguments[0], "process_start") != NULL, "the first is the program's name");
  check(getenv("PATH") != NULL, "PATH is set");
  check(getenv("MISSING") == NULL, "other names are not");
  setenv("ADDED", "1", 1);
  check_text(getenv("ADDED"), "1", "the environment can grow");
  check((uintptr_t)environ % 8 == 0, "and is aligned");
  check_equal(getauxval(AT_PAGESZ), 4096, "AT_PAGESZ");
  check_equal(getauxval(AT_CLKTCK), 100, "AT_CLKTCK");
  check(getauxval(AT_PHDR) && getauxval(AT_PHNUM) > 2, "AT_PHDR and AT_PHNUM");
  check_equal(getauxval(AT_PHENT), sizeof(Elf64_Phdr), "AT_PHENT");
  check(getauxval(AT_ENTRY) != 0, "AT_ENTRY");
  check_equal(getauxval(AT_UID), getuid(), "AT_UID");
  check_equal(getauxval(AT_EUID), geteuid(), "AT_EUID");
  check_equal(getauxval(AT_GID), getgid(), "AT_GID");
  check_equal(getauxval(AT_SECURE), 0, "AT_SECURE");
  const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
  int set = 0;
  for (int index = 0; index < 16; index++) set += random[index] != 0;
  check(set > 8, "AT_RANDOM has 16 random bytes");
  check_text((char *)getauxval(AT_PLATFORM), "x86_64", "AT_PLATFORM");
  check(strstr((char *)getauxval(AT_EXECFN), "process_start") != NULL, "AT_EXECFN");
  unsigned char *vdso = (unsigned char *)getauxval(AT_SYSINFO_EHDR);
  check(vdso && memcmp(vdso, "\177ELF", 4) == 0, "AT_SYSINFO_EHDR is an ELF file");
  char line[32] = "";
  check(fgets(line, sizeof line, stdin) && strcmp(line, "a line\n") == 0, "standard input");
  check(fgets(line, sizeof line, stdin) == NULL, "and its end");
  check_equal(isatty(0) + isatty(1) + isatty(2), 0, "no stream is a terminal");
  check_equal(fcntl(3, F_GETFD), -1, "no other descriptor is open");
  sigset_t mask;
  sigprocmask(SIG_SETMASK, NULL, &mask);
  check(sigisemptyset(&mask), "no signal is blocked");
  return finish();
}
