// SPDX-License-Identifier: BSD-3-Clause

import CMachine

/// The application that is linked into a native image.
public enum Application {
  /// Runs it to its end and returns its status.
  public static func main() -> Int32 {
    // SAFETY: the entry that the compiler makes for the application's package; without arguments,
    // which the application asks for by itself.
    unsafe martlet_application_main()
  }
}
