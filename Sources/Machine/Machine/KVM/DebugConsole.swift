// SPDX-License-Identifier: BSD-3-Clause

import CMachine

/// A stream of bytes to the host that needs no driver: QEMU's `isa-debugcon`, which takes each
/// byte at once and none is lost. Where a monitor has none, COM1 takes the bytes.
public struct DebugConsole: Sendable {
  /// What the application writes.
  public static let output = DebugConsole(number: 0xe9)
  /// What it says about itself.
  public static let errors = DebugConsole(number: 0xea)

  private let number: UInt16

  /// What the device answers when it is read; an empty place answers 0xff.
  private static let presence: UInt8 = 0xe9

  private var port: Port {
    let own = Port(number)
    return own.readByte() == Self.presence ? own : LogPort.data
  }

  public func write(_ byte: UInt8) {
    port.writeByte(byte)
  }

  /// Writes them all, with one instruction: a hypervisor sees them as one request.
  public func write(_ bytes: RawSpan) {
    let port = port
    // SAFETY: reads just the span's bytes.
    unsafe bytes.withUnsafeBytes { buffer in
      guard let start = unsafe buffer.baseAddress else { return }
      unsafe martlet_out_bytes(port.number, start, UInt64(buffer.count))
    }
  }
}
