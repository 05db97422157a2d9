// SPDX-License-Identifier: BSD-3-Clause

/// What the kernel says on its serial port, cut into lines as the bytes come in.
public struct KernelLog: Sendable {
  /// One line.
  public enum Line: Sendable, Equatable {
    /// A line with its level, seconds and microseconds since boot, and `component: text`.
    case message(Level, stamp: String, text: String)
    /// The program has ended with this status.
    case exit(UInt8)
    /// A return address of a panic's backtrace, outermost last.
    case address(UInt64)
    /// The application wants to be asked before it is ended.
    case wantsShutdownRequest
    /// A phase of the boot that was over after so many cycles (instructions, when they are counted).
    case phase(String, cycles: UInt64)
    /// Anything else: firmware, or a kernel that failed before its log existed.
    case other(String)
  }

  /// How much a line matters.
  public enum Level: Character, Sendable {
    case panic = "P"
    case error = "E"
    case warning = "W"
    case notice = "N"
    case information = "I"
    case debug = "D"

    /// Whether users see the line without `--verbose`.
    public var isForUsers: Bool { self == .panic || self == .error || self == .notice }
  }

  /// The longest line that is kept whole, in bytes.
  static let lineLimit = 4096

  private var pending: [UInt8] = []

  public init() {}

  /// Takes the next bytes and returns the lines that they complete.
  public mutating func receive(_ bytes: ArraySlice<UInt8>) -> [Line] {
    var lines: [Line] = []
    for byte in bytes {
      if byte == 10 {
        lines.append(Self.parsed(pending))
        pending.removeAll(keepingCapacity: true)
      } else if byte != 13, pending.count < Self.lineLimit {
        pending.append(byte)
      }
    }
    return lines
  }

  /// Returns the last line when it has no line end.
  public mutating func finish() -> Line? {
    guard !pending.isEmpty else { return nil }
    defer { pending = [] }
    return Self.parsed(pending)
  }

  static func parsed(_ bytes: [UInt8]) -> Line {
    let text = String(decoding: bytes, as: UTF8.self)
    let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count >= 2, words[0].utf8.count == 1, let letter = words[0].first else {
      return .other(text)
    }
    switch letter {
    case "X":
      if words.count == 2, let status = UInt8(words[1]) { return .exit(status) }
    case "B":
      let digits = words[1].hasPrefix("0x") ? words[1].dropFirst(2) : words[1]
      if words.count == 2, let address = UInt64(digits, radix: 16) { return .address(address) }
    case "R":
      if words.count == 2, words[1] == "shutdown" { return .wantsShutdownRequest }
    case "T":
      if words.count == 3, let cycles = UInt64(words[2]) {
        return .phase(String(words[1]), cycles: cycles)
      }
    default:
      if words.count == 3, let level = Level(rawValue: letter), isStamp(words[1]) {
        return .message(level, stamp: String(words[1]), text: String(words[2]))
      }
    }
    return .other(text)
  }

  private static func isStamp(_ word: Substring) -> Bool {
    word.contains(".") && word.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }
  }
}
