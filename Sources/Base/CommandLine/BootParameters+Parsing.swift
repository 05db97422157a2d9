// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

extension BootParameters {
  /// The longest text that is parsed: 1 MiB, far above what any launch needs.
  public static let maximumByteCount = 1 << 20

  /// Parses a whole command line.
  ///
  /// Words are separated by spaces (line breaks and zero bytes count as spaces). A word is
  /// `KEY=VALUE`; words without `=` and unknown keys are ignored. Of a key that may stand once,
  /// the last value counts.
  ///
  /// - Complexity: O(*n*). Allocates only for the texts that it finds.
  public init(parsing text: RawSpan) throws(CommandLineError) {
    self.init()
    try add(parsing: text)
  }

  /// Parses more words on top of what is already known, as `init(parsing:)` does. The kernel uses
  /// it for the text in the firmware configuration.
  public mutating func add(parsing text: RawSpan) throws(CommandLineError) {
    if text.byteCount > Self.maximumByteCount {
      throw CommandLineError(.tooLong, at: Self.maximumByteCount)
    }
    var offset = 0
    while offset < text.byteCount {
      if isSpace(text.byte(at: offset)) {
        offset &+= 1
        continue
      }
      let start = offset
      var equals = -1
      while offset < text.byteCount {
        let byte = text.byte(at: offset)
        if isSpace(byte) { break }
        if equals < 0, byte == UInt8(ascii: "=") { equals = offset }
        offset &+= 1
      }
      if equals >= 0 {
        try addWord(
          key: TextCursor(text, from: start, to: equals),
          value: TextCursor(text, from: equals &+ 1, to: offset))
      }
    }
  }

  private mutating func addWord(
    key: borrowing TextCursor, value borrowedValue: borrowing TextCursor
  ) throws(CommandLineError) {
    var value = TextCursor(
      borrowedValue.text, from: borrowedValue.offset, to: borrowedValue.end)
    if key.rests(on: "arg") {
      arguments.append(try value.decodedText())
    } else if key.rests(on: "env") {
      environment.append(try value.decodedText())
    } else if key.rests(on: "program") {
      program = try value.decodedText()
    } else if key.rests(on: "cwd") {
      workingDirectory = try value.decodedText()
    } else if key.rests(on: "hostname") {
      hostname = try value.decodedText()
    } else if key.rests(on: "ip") {
      networkAddresses.append(try value.decodedText())
    } else if key.rests(on: "gateway") {
      gateways.append(try value.decodedText())
    } else if key.rests(on: "dns") {
      nameServers.append(try value.decodedText())
    } else if key.rests(on: "volume") {
      let start = value.offset
      guard let volume = VolumeRequest(parsing: try value.decodedText()) else {
        throw CommandLineError(.badVolume, at: start)
      }
      volumes.append(volume)
    } else if key.rests(on: "owner") {
      let start = value.offset
      let user = try value.number()
      guard value.skip(UInt8(ascii: ":")) else { throw CommandLineError(.badNumber, at: start) }
      let group = try value.number()
      guard value.isAtEnd, user <= UInt64(UInt32.max), group <= UInt64(UInt32.max) else {
        throw CommandLineError(.badNumber, at: start)
      }
      hostUser = UInt32(user)
      hostGroup = UInt32(group)
    } else if key.rests(on: "seed") {
      seed = try value.hexadecimalBytes()
    } else if key.rests(on: "clock") {
      clockNanoseconds = try value.number()
      if !value.isAtEnd { throw CommandLineError(.badNumber, at: value.offset) }
    } else if key.rests(on: "log") {
      logLevel = try LogLevel(parsing: value)
    } else if key.rests(on: "stdin") {
      standardInput = try StandardInput(parsing: value)
    } else if key.rests(on: "launch") {
      guard value.rests(on: "fw_cfg") else {
        throw CommandLineError(.unknownChoice, at: value.offset)
      }
      isInFirmwareConfiguration = true
    } else if key.rests(on: "virtio_mmio.device") {
      virtioDevices.append(try VirtioDeviceWindow(parsing: value))
    }
  }
}

/// A space, a line break, or the zero byte that ends a C string.
private func isSpace(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == 0
}

extension BootParameters.LogLevel {
  init(parsing value: borrowing TextCursor) throws(CommandLineError) {
    if value.rests(on: Self.error.word) {
      self = .error
    } else if value.rests(on: Self.warning.word) {
      self = .warning
    } else if value.rests(on: Self.info.word) {
      self = .info
    } else if value.rests(on: Self.debug.word) {
      self = .debug
    } else {
      throw CommandLineError(.unknownChoice, at: value.offset)
    }
  }
}

extension BootParameters.StandardInput {
  init(parsing value: borrowing TextCursor) throws(CommandLineError) {
    if value.rests(on: Self.none.word) {
      self = .none
    } else if value.rests(on: Self.pipe.word) {
      self = .pipe
    } else if value.rests(on: Self.terminal.word) {
      self = .terminal
    } else {
      throw CommandLineError(.unknownChoice, at: value.offset)
    }
  }
}

extension VirtioDeviceWindow {
  /// Parses `SIZE@ADDRESS:INTERRUPT`, optionally with `:ID` behind it. SIZE may end in `K` or
  /// `M`. Numbers are decimal, or hexadecimal after `0x`.
  init(parsing value: borrowing TextCursor) throws(CommandLineError) {
    var cursor = TextCursor(value.text, from: value.offset, to: value.end)
    let start = cursor.offset
    var size = try cursor.number()
    if size > UInt64(1) << 32 { throw CommandLineError(.badDeviceWindow, at: start) }
    if cursor.skip(UInt8(ascii: "K")) {
      size <<= 10
    } else if cursor.skip(UInt8(ascii: "M")) {
      size <<= 20
    }
    guard cursor.skip(UInt8(ascii: "@")) else {
      throw CommandLineError(.badDeviceWindow, at: start)
    }
    let address = try cursor.number()
    guard cursor.skip(UInt8(ascii: ":")) else {
      throw CommandLineError(.badDeviceWindow, at: start)
    }
    let line = try cursor.number()
    if cursor.skip(UInt8(ascii: ":")) { _ = try cursor.number() }
    // The physical address space has at most 52 bits (SDM 3A section 4.5).
    guard cursor.isAtEnd, size > 0, size <= 1 << 32, line < 256, address < 1 << 52,
      address &+ size <= 1 << 52
    else { throw CommandLineError(.badDeviceWindow, at: start) }
    self.init(
      address: PhysicalAddress(UInt(address)), byteCount: Int(size), interruptLine: Int(line))
  }
}
