// SPDX-License-Identifier: BSD-3-Clause
// A C++ exception that nobody catches ends the program with 134.
// link: static
// status: 134

#include <cstdio>
#include <cstdlib>
#include <exception>

int main() {
  std::set_terminate([] {
    std::puts("terminate");
    std::fflush(stdout);
    std::abort();
  });
  throw 1;
}
