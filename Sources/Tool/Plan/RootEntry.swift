// SPDX-License-Identifier: BSD-3-Clause

/// One source of the guest's root file system.
public struct RootEntry: Sendable, Equatable {
  /// Where the files come from.
  public enum Source: Sendable, Equatable {
    /// Debian packages, and what they need at run time.
    case debian(packages: [String])
    /// The contents of a host folder, put at `destination` (`/` by default).
    case directory(path: String, destination: String)
    /// One host file.
    case file(path: String, destination: String)
    /// C sources compiled by the host's compiler into one program.
    case c(sources: [String], flags: [String], destination: String)
  }

  public var source: Source
  /// Where the plan says so, for messages.
  public var position: Position

  public init(_ source: Source, at position: Position) {
    self.source = source
    self.position = position
  }
}
