// SPDX-License-Identifier: BSD-3-Clause

extension Plan {
  /// One source of the guest's root file system. Host paths are absolute.
  public enum RootEntry: Sendable, Equatable {
    /// Debian packages, and what they need at run time.
    case debian([String])
    /// The contents of a host folder, copied over what came before.
    case directory(String)
    /// One host file, put at `output` in the guest.
    case file(path: String, output: String)
    /// A C program that the tool compiles; `output` is its path in the guest.
    case program(sources: [String], output: String, isStatic: Bool)
  }
}
