// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Scheduling
import Memory
import VFS

/// The node of a stream: a pipe to `stat`, or a terminal. Each open makes a file over the same
/// stream.
public final class StreamNode: Node {
  public let stream: any ByteStream
  private let index: UInt64

  /// - Parameter index: tells the terminals apart: 0 for standard input.
  public init(_ stream: any ByteStream, index: UInt64) {
    self.stream = stream
    self.index = index
    super.init(
      number: AnonymousNode.number(), deviceNumber: AnonymousNode.deviceNumber,
      kind: stream.isTerminal ? .characterDevice : .fifo,
      permissionBits: stream.isTerminal ? 0o620 : 0o600)
    if stream.isTerminal { lastName = StaticString("dev/console").byteArray }
  }

  public override var representedDevice: UInt64 {
    stream.isTerminal ? DeviceNumber.encode(major: 5, minor: 1) : 0
  }

  public override func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    StreamFile(node: self, stream: stream, flags: flags)
  }

  public override func truncate(to byteCount: Int64) throws(SystemError) {}
}
