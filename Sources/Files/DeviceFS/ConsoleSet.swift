// SPDX-License-Identifier: BSD-3-Clause

import VFS

/// The three streams that the program is started with, and their nodes.
public final class ConsoleSet {
  public let input: any ByteStream
  public let output: any ByteStream
  public let error: any ByteStream

  public init(input: any ByteStream, output: any ByteStream, error: any ByteStream) {
    self.input = input
    self.output = output
    self.error = error
  }

  /// Open files for descriptors 0, 1 and 2.
  public func openStandardFiles() -> (input: StreamFile, output: StreamFile, error: StreamFile) {
    (
      file(input, index: 0, []), file(output, index: 1, .writeOnly),
      file(error, index: 2, .writeOnly)
    )
  }

  private func file(_ stream: any ByteStream, index: UInt64, _ flags: OpenFlags) -> StreamFile {
    // As a shell hands its terminal on: for reading and writing.
    let flags = stream.isTerminal ? .readWrite : flags
    return StreamFile(
      node: StreamNode(stream, index: index), stream: stream, flags: flags)
  }
}
