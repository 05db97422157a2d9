// SPDX-License-Identifier: BSD-3-Clause

/// Serves one call; the result goes to the program, an error as its negative number.
public typealias SystemCallHandler = (SystemCall) throws(Errno) -> Int

/// What the families of system calls register themselves with: the table of an image, or the
/// catalogue from which the documentation is generated.
///
/// Each family is `public enum SomeCalls { static func register<S: SystemCallSink>(in: inout S) }`.
/// The function is generic so that an image, which ignores the texts, does not contain them.
public protocol SystemCallSink {
  /// Adds a call. `flags` names the flags and commands that it honours, `limits` says where it
  /// does less than Linux.
  mutating func add(
    _ number: SystemCallNumber, flags: StaticString, limits: StaticString,
    _ handler: @escaping SystemCallHandler)
}

extension SystemCallSink {
  @inline(__always)
  public mutating func add(
    _ number: SystemCallNumber, _ handler: @escaping SystemCallHandler
  ) {
    add(number, flags: "", limits: "", handler)
  }

  @inline(__always)
  public mutating func add(
    _ number: SystemCallNumber, flags: StaticString, _ handler: @escaping SystemCallHandler
  ) {
    add(number, flags: flags, limits: "", handler)
  }

  @inline(__always)
  public mutating func add(
    _ number: SystemCallNumber, limits: StaticString, _ handler: @escaping SystemCallHandler
  ) {
    add(number, flags: "", limits: limits, handler)
  }
}

/// The calls that this image serves. Filled once at boot by the families that are selected.
public struct SystemCallTable: SystemCallSink {
  private var handlers: [SystemCallHandler?]
  private var refused: [Bool]

  public init() {
    handlers = Array(repeating: nil, count: SystemCallNumber.limit)
    refused = Array(repeating: false, count: SystemCallNumber.limit)
  }

  @inline(__always)
  public mutating func add(
    _ number: SystemCallNumber, flags: StaticString, limits: StaticString,
    _ handler: @escaping SystemCallHandler
  ) {
    handlers[number.rawValue] = handler
  }

  @inline(__always)
  public func handler(for number: Int) -> SystemCallHandler? {
    number >= 0 && number < handlers.count ? handlers[number] : nil
  }

  /// Whether this is the first time that an absent call is asked for.
  public mutating func isFirstRefusal(of number: Int) -> Bool {
    guard number >= 0 && number < refused.count, !refused[number] else { return false }
    refused[number] = true
    return true
  }
}
