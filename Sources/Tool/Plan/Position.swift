// SPDX-License-Identifier: BSD-3-Clause

/// A place in a plan. Lines and columns start at 1; a column counts Unicode scalars.
public struct Position: Sendable, Hashable {
  public var line: Int
  public var column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// `file:line:column`, as compilers write it.
  public func description(in file: String) -> String { "\(file):\(line):\(column)" }
}
