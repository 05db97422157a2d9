// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Synchronization
import ToolSupport

/// Turns the signals that end a tool into messages while a guest runs.
///
/// One at a time in a process, because signal handlers belong to the process.
final class Signals: Sendable {
  private static let caught = [SIGINT, SIGTERM, SIGHUP]
  private let reader: Descriptor
  private let writer: Descriptor

  /// Starts to catch signals; `receive` is called on a thread of its own.
  init(_ receive: @escaping @Sendable (Int32) -> Void) {
    (reader, writer) = Channel.pipe()
    signalPipe.store(writer.number, ordering: .sequentiallyConsistent)
    for number in Self.caught {
      signal(number) { caught in
        // Only what is safe in a handler: one write.
        var byte = UInt8(truncatingIfNeeded: caught)
        _ = write(signalPipe.load(ordering: .sequentiallyConsistent), &byte, 1)
      }
    }
    let source = reader
    Thread.detachNewThread {
      var buffer: [UInt8] = [0]
      while source.read(into: &buffer) > 0, buffer[0] != 0 { receive(Int32(buffer[0])) }
      source.close()
    }
  }

  /// Gives the signals back to the system's defaults.
  func stop() {
    for number in Self.caught { signal(number, SIG_DFL) }
    signalPipe.store(-1, ordering: .sequentiallyConsistent)
    _ = writer.writeAll([0], count: 1)
    writer.close()
  }
}

/// Where the handler writes the signal's number.
private let signalPipe = Atomic<Int32>(-1)
