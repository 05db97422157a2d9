// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory

/// A file whose text is made when it is opened, as those of `/proc` are.
open class GeneratedNode: Node {
  /// Makes the text.
  open func generate() throws(SystemError) -> [UInt8] { [] }

  /// Takes what a program writes; refuses by default.
  open func accept(_ bytes: [UInt8]) throws(SystemError) { throw .accessDenied }

  open override func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    GeneratedFile(node: self, flags: flags)
  }

  open override func truncate(to byteCount: Int64) throws(SystemError) {}
}

/// An open generated file: the text as it was at the first read.
public final class GeneratedFile: PositionedFile {
  private var text: [UInt8]?

  public override func readBytes(
    into buffer: UserBuffer, at offset: Int64
  ) throws(SystemError) -> Int {
    guard let generated = node as? GeneratedNode else { throw .inputOutput }
    if text == nil || offset == 0 { text = try generated.generate() }
    guard let text, offset < Int64(text.count) else { return 0 }
    let count = min(buffer.count, text.count - Int(offset))
    try buffer.copyOut(RawSpan(_elements: text.span).extracting(Int(offset)..<Int(offset) + count))
    return count
  }

  public override func writeBytes(
    from buffer: UserBuffer, at offset: Int64
  ) throws(SystemError) -> Int {
    guard let generated = node as? GeneratedNode else { throw .inputOutput }
    let count = min(buffer.count, 4096)
    var bytes = [UInt8](repeating: 0, count: count)
    do {
      var all = bytes.mutableSpan
      var span = MutableRawSpan(_elements: &all)
      try buffer.copyIn(into: &span)
    }
    try generated.accept(bytes)
    return count
  }
}
