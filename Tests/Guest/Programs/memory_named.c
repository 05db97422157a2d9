// SPDX-License-Identifier: BSD-3-Clause
// Named shared memory and semaphores: the C library keeps them in /dev/shm.
// flags: -pthread

#include "check.h"

#include <semaphore.h>
#include <sys/mman.h>

static const char *memory = "/martlet-memory";
static const char *semaphore = "/martlet-semaphore";

int main(void) {
  shm_unlink(memory);
  sem_unlink(semaphore);
  struct stat s;
  check(stat("/dev/shm", &s) == 0 && S_ISDIR(s.st_mode), "/dev/shm is a directory");
  check_equal(s.st_mode & 07777, 01777, "that everybody may use");

  int file = shm_open(memory, O_RDWR | O_CREAT | O_EXCL, 0600);
  check(file >= 0, "shared memory can be made");
  check_error(shm_open(memory, O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST, "once");
  check_equal(ftruncate(file, 10000), 0, "it gets a size");
  char *first = mmap(NULL, 10000, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  int again = shm_open(memory, O_RDONLY, 0);
  char *second = mmap(NULL, 10000, PROT_READ, MAP_SHARED, again, 0);
  strcpy(first + 5000, "shared");
  check_text(second + 5000, "shared", "two mappings are one memory");
  check_equal(shm_unlink(memory), 0, "its name can be removed");
  check_error(shm_open(memory, O_RDWR, 0), ENOENT, "then it is not found");
  check_text(second + 5000, "shared", "the mappings stay");

  sem_t *one = sem_open(semaphore, O_CREAT | O_EXCL, 0600, 1);
  check(one != SEM_FAILED, "a semaphore can be made");
  sem_t *two = sem_open(semaphore, 0);
  check(two == one, "and opened by its name");
  check_equal(sem_wait(one), 0, "it is taken");
  check_error(sem_trywait(two), EAGAIN, "once");
  sem_post(two);
  check_equal(sem_trywait(one), 0, "and again when it was given back");
  check_equal(sem_unlink(semaphore), 0, "its name can be removed");
  check_error(sem_unlink(semaphore), ENOENT, "once");
  return finish();
}
