// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// O_APPEND: every write goes to the end, whatever the position.

#include "check.h"

int main(void) {
  scratch_enter();
  put_file("log", "one\n");
  int first = open("log", O_WRONLY | O_APPEND), second = open("log", O_RDWR | O_APPEND);
  check_equal(write(first, "two\n", 4), 4, "the first writer appends");
  check_equal(write(second, "three\n", 6), 6, "the second writer appends");
  check_equal(write(first, "four\n", 5), 5, "the first writer appends after the second");
  check_text(get_file("log"), "one\ntwo\nthree\nfour\n", "nothing was overwritten");
  check_equal(lseek(first, 0, SEEK_CUR), 19, "the position is the new end");
  lseek(second, 0, SEEK_SET);
  char buffer[5] = "";
  check_equal(read(second, buffer, 4), 4, "reading starts where the position is");
  check_text(buffer, "one\n", "and reads the start");
  write(second, "five\n", 5);
  check_equal(lseek(second, 0, SEEK_CUR), 24, "a write moves the position to the end");
  check_equal(fcntl(first, F_GETFL) & O_APPEND, O_APPEND, "F_GETFL shows O_APPEND");
  check_equal(fcntl(first, F_SETFL, 0), 0, "F_SETFL takes it away");
  lseek(first, 0, SEEK_SET);
  write(first, "ONE", 3);
  check_text(get_file("log"), "ONE\ntwo\nthree\nfour\nfive\n", "then writes go to the position");
  fcntl(first, F_SETFL, O_APPEND);
  write(first, "six\n", 4);
  check_text(get_file("log"), "ONE\ntwo\nthree\nfour\nfive\nsix\n", "and F_SETFL brings it back");
  return finish();
}
