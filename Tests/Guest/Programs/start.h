// SPDX-License-Identifier: BSD-3-Clause
//
// The same small program for every way to link one.

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static __thread int own = 5;
static int data = 7, empty[100];
static int *relocated = &data;
static const char *const names[] = {"zero", "one", "two"};
static int constructed;

static __attribute__((constructor)) void construct(void) { constructed = 1; }

static int compare(const void *left, const void *right) {
  return *(const int *)left - *(const int *)right;
}

static void *thread(void *value) {
  own += *(int *)value;
  errno = 0;
  return own == 12 ? value : NULL;
}

int main(int count, char **arguments) {
  printf("Hello, %s of %d\n", arguments[0] ? "program" : "nobody", count);
  int numbers[] = {5, 3, 9, 1};
  qsort(numbers, 4, sizeof numbers[0], compare);
  printf("%d %d %d %d\n", numbers[0], numbers[1], numbers[2], numbers[3]);
  printf("%s %d %d %d %d\n", names[2], *relocated, empty[99], constructed, own);
  pthread_t other;
  void *result;
  pthread_create(&other, NULL, thread, &data);
  pthread_join(other, &result);
  printf("%s %d\n", result == &data ? "thread" : "no thread", own);
  printf("%.6f %s\n", sin(count), strerror(ENOENT)[0] == 'N' ? "text" : "");
  return result != &data;
}
