// SPDX-License-Identifier: BSD-3-Clause

import Martlet

/// The smallest application: it says a line and ends.
@main
struct Hello {
  static func main() {
    Console.output.write("Hello from Martlet!\n")
  }
}
