// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Log
import Machine
import Scheduling

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
  /// A function in a struct of its own is stored as it is; in an optional or an array it would be
  /// wrapped, and each call would go through the wrapper.
  private struct Entry {
    let handler: SystemCallHandler
    var isServed: Bool
  }

  private var entries: [Entry]
  private var refused: [Bool]

  public init() {
    let absent = Entry(handler: Self.refuse, isServed: false)
    entries = Array(repeating: absent, count: SystemCallNumber.limit)
    refused = Array(repeating: false, count: SystemCallNumber.limit)
  }

  @inline(__always)
  public mutating func add(
    _ number: SystemCallNumber, flags: StaticString, limits: StaticString,
    _ handler: @escaping SystemCallHandler
  ) {
    entries[number.rawValue] = Entry(handler: handler, isServed: true)
  }

  /// What serves a call, whatever its number.
  @inline(__always)
  public func handler(for number: Int) -> SystemCallHandler {
    number >= 0 && number < entries.count ? entries[number].handler : Self.refuse
  }

  /// Whether the image serves a call.
  public func serves(_ number: SystemCallNumber) -> Bool { entries[number.rawValue].isServed }

  /// An absent call: refused, and logged once with its name.
  private static func refuse(_ call: SystemCall) throws(Errno) -> Int {
    call.process.calls.noteRefusal(of: call.thread.registers.systemCallNumber ?? -1)
    throw .notImplemented
  }

  /// Serves a call that no family has, in an image without a table.
  @inline(__always)
  public static func refuseAbsent(_ call: SystemCall) throws(Errno) -> Int { try refuse(call) }

  private mutating func noteRefusal(of number: Int) {
    guard number >= 0 && number < refused.count, !refused[number] else { return }
    refused[number] = true
    let line = LogLine(.warning, "linux")
    line.append("system call ")
    line.append(SystemCallNumber(rawValue: number).name ?? "?")
    line.append(" (")
    line.append(decimal: number)
    line.append(") is not supported")
    line.end()
  }
}
