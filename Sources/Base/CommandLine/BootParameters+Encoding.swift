// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

extension BootParameters {
  /// The longest text, in bytes, that may stand on QEMU's `-append`; a longer one goes through
  /// the firmware configuration.
  public static let maximumAppendByteCount = 3500

  /// The command line that says this; `init(parsing:)` gives the same parameters back.
  ///
  /// The bytes are ASCII without any that a shell or QEMU would treat specially.
  ///
  /// - Complexity: O(*n*).
  public func encoded() -> [UInt8] {
    var text = EncodedText()
    if isInFirmwareConfiguration { text.add("launch", choice: "fw_cfg") }
    if let logLevel { text.add("log", choice: logLevel.word) }
    if let standardInput { text.add("stdin", choice: standardInput.word) }
    if let clockNanoseconds { text.add("clock", number: clockNanoseconds) }
    if !seed.isEmpty { text.add("seed", hexadecimal: seed) }
    if !hostname.isEmpty { text.add("hostname", text: hostname) }
    for address in networkAddresses { text.add("ip", text: address) }
    for gateway in gateways { text.add("gateway", text: gateway) }
    for server in nameServers { text.add("dns", text: server) }
    if !workingDirectory.isEmpty { text.add("cwd", text: workingDirectory) }
    if !program.isEmpty { text.add("program", text: program) }
    for argument in arguments { text.add("arg", text: argument) }
    for variable in environment { text.add("env", text: variable) }
    if hostUser != 0 || hostGroup != 0 {
      text.startWord("owner")
      text.append(decimal: UInt64(hostUser))
      text.bytes.append(UInt8(ascii: ":"))
      text.append(decimal: UInt64(hostGroup))
    }
    for volume in volumes { text.add("volume", text: volume.text) }
    for window in virtioDevices {
      text.startWord("virtio_mmio.device")
      text.append(decimal: UInt64(window.byteCount))
      text.bytes.append(UInt8(ascii: "@"))
      text.append(decimal: UInt64(window.address.rawValue))
      text.bytes.append(UInt8(ascii: ":"))
      text.append(decimal: UInt64(window.interruptLine))
    }
    return text.bytes
  }

  /// What stands on `-append` when `encoded()` itself goes through the firmware configuration.
  public func encodedForFirmwareConfiguration() -> [UInt8] {
    var short = BootParameters()
    short.isInFirmwareConfiguration = true
    short.logLevel = logLevel
    return short.encoded()
  }
}

extension BootParameters.LogLevel {
  /// As the command line spells it.
  public var word: StaticString {
    switch self {
    case .error: "error"
    case .warning: "warning"
    case .info: "info"
    case .debug: "debug"
    }
  }
}

extension BootParameters.StandardInput {
  /// As the command line spells it.
  public var word: StaticString {
    switch self {
    case .none: "none"
    case .pipe: "pipe"
    case .terminal: "tty"
    }
  }
}

/// A command line in the making.
private struct EncodedText {
  var bytes: [UInt8] = []

  mutating func startWord(_ key: StaticString) {
    if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
    bytes.append(contentsOf: key.byteArray)
    bytes.append(UInt8(ascii: "="))
  }

  mutating func add(_ key: StaticString, choice: StaticString) {
    startWord(key)
    bytes.append(contentsOf: choice.byteArray)
  }

  mutating func add(_ key: StaticString, text: [UInt8]) {
    startWord(key)
    for byte in text {
      if isPlain(byte) {
        bytes.append(byte)
      } else {
        bytes.append(UInt8(ascii: "%"))
        append(hexadecimal: byte)
      }
    }
  }

  mutating func add(_ key: StaticString, hexadecimal value: [UInt8]) {
    startWord(key)
    for byte in value { append(hexadecimal: byte) }
  }

  mutating func add(_ key: StaticString, number: UInt64) {
    startWord(key)
    append(decimal: number)
  }

  mutating func append(hexadecimal byte: UInt8) {
    append(digit: byte >> 4)
    append(digit: byte & 15)
  }

  mutating func append(digit: UInt8) {
    bytes.append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "A") &+ digit &- 10)
  }

  mutating func append(decimal number: UInt64) {
    var rest = number
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  /// Bytes that stand for themselves: letters, digits and `_ - . / : , + @`.
  private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: ","),
      UInt8(ascii: "+"), UInt8(ascii: "@"):
      true
    default: false
    }
  }
}
