// SPDX-License-Identifier: BSD-3-Clause

/// One breach of a rule of the house.
struct Finding: Equatable, CustomStringConvertible {
  /// Relative to the root.
  let file: String
  let line: Int
  let message: String

  var description: String { "\(file):\(line): \(message)" }
}
