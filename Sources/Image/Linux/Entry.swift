// SPDX-License-Identifier: BSD-3-Clause

/// The first Swift function; called by boot.S on the boot stack, interrupts off.
@main
struct Entry {
  static func main() {
    Boot.run()
  }
}
