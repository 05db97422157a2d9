// SPDX-License-Identifier: BSD-3-Clause

import Base
import VFS

/// A number that programs may write and read again, and that has no other effect.
final class Setting {
  private var value: Int
  private let range: ClosedRange<Int>

  init(_ value: Int, in range: ClosedRange<Int>) {
    self.value = value
    self.range = range
  }

  /// A file over the number, which is one line.
  static func node(
    _ system: PseudoFileSystem, _ value: Int, in range: ClosedRange<Int> = 0...Int.max
  ) -> Node {
    let setting = Setting(value, in: range)
    return TextNode(
      system, permissionBits: 0o644,
      accept: { (text) throws(SystemError) in try setting.set(text) }
    ) { (text) throws(SystemError) in
      text.append(decimal: setting.value)
      text.endLine()
    }
  }

  private func set(_ text: [UInt8]) throws(SystemError) {
    let number = try DecimalText.signedNumber(text)
    guard range.contains(number) else { throw .invalidArgument }
    value = number
  }
}
