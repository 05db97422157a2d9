// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// A range of the program's memory that a call names.
///
/// It alleges memory: nothing is known of it until a copy succeeds. Copies fault pages in through
/// `AddressSpace.current`; where the program has no such memory they throw `badAddress`, and
/// `outOfMemory` when there is no frame.
public struct UserBuffer: Sendable {
  public let start: VirtualAddress
  /// In bytes.
  public let count: Int

  @inline(__always)
  public init(start: VirtualAddress, count: Int) {
    self.start = start
    self.count = count
  }

  /// The bytes from `offset` on, at most `count` of them.
  @inline(__always)
  public func slice(from offset: Int, count limit: Int = .max) -> UserBuffer {
    precondition(offset >= 0 && offset <= count, "slice out of bounds")
    return UserBuffer(start: start + offset, count: min(count &- offset, limit))
  }

  /// Fills `bytes` from `offset`. Traps when that is more than there is.
  @inline(__always)
  public func copyIn(
    at offset: Int = 0, into bytes: inout MutableRawSpan
  ) throws(SystemError) {
    precondition(offset >= 0 && bytes.byteCount <= count &- offset, "copy out of bounds")
    guard let fault = ProgramMemory.copyIn(from: start + offset, into: &bytes) else { return }
    try copyInSlowly(at: offset, into: &bytes, from: fault)
  }

  @inline(never)
  private func copyInSlowly(
    at offset: Int, into bytes: inout MutableRawSpan, from first: VirtualAddress
  ) throws(SystemError) {
    var fault = first
    while true {
      try Self.resolve(fault, .read)
      let done = fault - (start + offset)
      var rest = bytes._mutatingExtracting(done..<bytes.byteCount)
      guard let next = ProgramMemory.copyIn(from: fault, into: &rest) else { return }
      fault = next
    }
  }

  /// Copies `bytes` to `offset`. Traps when they do not fit.
  @inline(__always)
  public func copyOut(_ bytes: RawSpan, at offset: Int = 0) throws(SystemError) {
    precondition(offset >= 0 && bytes.byteCount <= count &- offset, "copy out of bounds")
    guard let fault = ProgramMemory.copyOut(bytes, to: start + offset) else { return }
    try copyOutSlowly(bytes, at: offset, from: fault)
  }

  @inline(never)
  private func copyOutSlowly(
    _ bytes: RawSpan, at offset: Int, from first: VirtualAddress
  ) throws(SystemError) {
    var fault = first
    while true {
      try Self.resolve(fault, .write)
      let done = fault - (start + offset)
      let rest = bytes.extracting(done..<bytes.byteCount)
      guard let next = ProgramMemory.copyOut(rest, to: fault) else { return }
      fault = next
    }
  }

  /// Fills `count` bytes at `offset` with zero.
  public func zero(at offset: Int, count: Int) throws(SystemError) {
    precondition(offset >= 0 && count <= self.count &- offset, "fill out of bounds")
    let end = start + offset + count
    var address = start + offset
    while let fault = ProgramMemory.zero(at: address, count: end - address) {
      try Self.resolve(fault, .write)
      address = fault
    }
  }

  /// Makes one page accessible after a fault of the kernel's own access.
  @inline(never)
  static func resolve(_ address: VirtualAddress, _ access: PageAccess) throws(SystemError) {
    guard KernelLayout.programRange.contains(address), let mapper = AddressSpace.active else {
      throw .badAddress
    }
    AddressSpace.resolving.value = true
    defer { AddressSpace.resolving.value = false }
    switch mapper.resolveFault(at: address, access) {
    case .resolved: return
    case .outOfMemory: throw .outOfMemory
    case .noMapping, .forbidden, .beyondSource: throw .badAddress
    }
  }
}
