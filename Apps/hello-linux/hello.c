// SPDX-License-Identifier: BSD-3-Clause

#include <stdio.h>

int main(int count, char **arguments) {
  printf("Hello from Martlet");
  for (int index = 1; index < count; index++)
    printf(" %s", arguments[index]);
  puts("!");
  return 0;
}
