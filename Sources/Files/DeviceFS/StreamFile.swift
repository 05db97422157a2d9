// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Scheduling
import VFS

/// An open stream: reads and writes that wait for it, and what terminals answer.
public final class StreamFile: OpenFile {
  private let input: any ByteStream
  private let output: any ByteStream

  public init(
    node: Node, input: any ByteStream, output: any ByteStream, flags: OpenFlags
  ) {
    self.input = input
    self.output = output
    super.init(node: node, flags: flags)
  }

  /// A file over one stream, for whichever way it goes.
  public convenience init(node: Node, stream: any ByteStream, flags: OpenFlags) {
    self.init(node: node, input: stream, output: stream, flags: flags)
  }

  public override func read(
    into buffer: UserBuffer, at offset: Int64?
  ) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    guard buffer.count > 0 else { return 0 }
    while true {
      if let count = try input.read(into: buffer) { return count }
      try wait(for: input)
    }
  }

  /// Writes everything, however long that takes, unless the file does not block.
  public override func write(
    from buffer: UserBuffer, at offset: Int64?
  ) throws(SystemError) -> Int {
    guard offset == nil else { throw .illegalSeek }
    var done = 0
    while done < buffer.count {
      do {
        if let count = try output.write(from: buffer.slice(from: done)) {
          done += count
        } else {
          try wait(for: output)
        }
      } catch {
        // What was written counts; the error comes again with the next call.
        if done > 0 { return done }
        throw error
      }
    }
    return done
  }

  private func wait(for stream: any ByteStream) throws(SystemError) {
    if isNonBlocking { throw .wouldBlock }
    if stream.queue.wait() == .interrupted { throw .interrupted }
  }

  public override var readiness: Readiness {
    var ready: Readiness = []
    if isReadable { ready = input.readiness.subtracting([.writable, .writableNormal]) }
    if isWritable { ready.formUnion(output.readiness.subtracting(Self.readingSide)) }
    return ready
  }

  private static let readingSide: Readiness = [
    .readable, .readableNormal, .hangup, .readHangup, .priority,
  ]

  // A file for both is polled for reading as a rule; whoever polls it for writing finds it ready
  // but for moments.
  public override var readinessQueue: WaitQueue? { isReadable ? input.queue : output.queue }

  public override func synchronize() throws(SystemError) {
    // fsync(2): a file that has no storage.
    throw .invalidArgument
  }

  public override func control(request: UInt32, argument: UInt) throws(SystemError) -> Int {
    let address = VirtualAddress(argument)
    if request == TerminalRequest.readableByteCount {
      try UserBuffer(start: address, count: 4).store(
        UInt32(truncatingIfNeeded: input.readableByteCount))
      return 0
    }
    guard input.isTerminal || output.isTerminal else { throw .notTerminal }
    return try terminal(request, address)
  }

  private func terminal(
    _ request: UInt32, _ address: VirtualAddress
  ) throws(SystemError) -> Int {
    switch request {
    case TerminalRequest.getAttributes:
      try storeAttributes(at: address)
    case TerminalRequest.setAttributesNow, TerminalRequest.setAttributesDrain,
      TerminalRequest.setAttributesFlush:
      // The line discipline is the host terminal's: accepted, without effect.
      if request != TerminalRequest.setAttributesNow { try output.drain() }
    case TerminalRequest.getWindowSize:
      // struct winsize: rows, columns, and no pixels.
      try UserBuffer(start: address, count: 8).store(UInt64(24) | 80 << 16)
    case TerminalRequest.getGroup:
      try UserBuffer(start: address, count: 4).store(UInt32(1))
    case TerminalRequest.sendBreak:
      try output.drain()
    case TerminalRequest.setWindowSize, TerminalRequest.setGroup, TerminalRequest.setControlling,
      TerminalRequest.flush:
      break
    default: throw .notTerminal
    }
    return 0
  }

  /// `struct termios` of the kernel, 36 bytes: a terminal in cooked mode at 38400 baud.
  private func storeAttributes(at address: VirtualAddress) throws(SystemError) {
    let buffer = UserBuffer(start: address, count: 36)
    // ICRNL IXON, then OPOST ONLCR.
    try buffer.store(UInt64(0x500) | 0x5 << 32)
    // B38400 CS8 CREAD, then ISIG ICANON ECHO ECHOE ECHOK ECHOCTL ECHOKE IEXTEN.
    try buffer.store(UInt64(0xbf) | 0x8a3b << 32, at: 8)
    // c_line, then c_cc: ^C ^\ DEL ^U ^D 0 1, 0 ^Q ^S ^Z 0 ^R ^O ^W, ^V 0 0 0.
    try buffer.store(UInt64(0x01_00_04_15_7f_1c_03) << 8, at: 16)
    try buffer.store(UInt64(0x17_0f_12_00_1a_13_11) << 8, at: 24)
    try buffer.store(UInt32(0x16), at: 32)
  }
}
