// SPDX-License-Identifier: BSD-3-Clause

import Base
import CMachine

/// The program's memory, seen through the current page tables.
///
/// A fault is reported, not taken: nil means done; otherwise the result is the first address that
/// could not be accessed, and everything before it has been. The caller has checked that the
/// range lies in `KernelLayout.programRange`; addresses outside are refused here once more.
public enum ProgramMemory {
  /// Copies from the program.
  @inline(__always)
  public static func copyIn(
    from address: VirtualAddress, into bytes: inout MutableRawSpan
  ) -> VirtualAddress? {
    let count = bytes.byteCount
    guard isProgram(address, count) else { return address }
    // SAFETY: the target is the span; the source lies in the program's range, and martlet_copy
    // survives its faults.
    let left = unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe martlet_copy(
        buffer.baseAddress, UnsafeRawPointer(bitPattern: address.rawValue), UInt64(count))
    }
    return left == 0 ? nil : address + (count &- Int(left))
  }

  /// Copies to the program.
  @inline(__always)
  public static func copyOut(_ bytes: RawSpan, to address: VirtualAddress) -> VirtualAddress? {
    let count = bytes.byteCount
    guard isProgram(address, count) else { return address }
    // SAFETY: the source is the span; the target lies in the program's range, and martlet_copy
    // survives its faults.
    let left = unsafe bytes.withUnsafeBytes { buffer in
      unsafe martlet_copy(
        UnsafeMutableRawPointer(bitPattern: address.rawValue), buffer.baseAddress, UInt64(count))
    }
    return left == 0 ? nil : address + (count &- Int(left))
  }

  /// Fills with zero bytes.
  public static func zero(at address: VirtualAddress, count: Int) -> VirtualAddress? {
    guard isProgram(address, count) else { return address }
    // SAFETY: the target lies in the program's range, and martlet_fill_zero survives its faults.
    let left = unsafe martlet_fill_zero(
      UnsafeMutableRawPointer(bitPattern: address.rawValue), UInt64(count))
    return left == 0 ? nil : address + (count &- Int(left))
  }

  /// Loads an aligned or unaligned word.
  @inline(__always)
  public static func load32(
    at address: VirtualAddress, into value: inout UInt32
  ) -> VirtualAddress? {
    guard isProgram(address, 4) else { return address }
    // SAFETY: in the program's range; the routine survives a fault.
    return unsafe martlet_load32(UInt64(address.rawValue), &value) == 0 ? nil : faultAddress
  }

  @inline(__always)
  public static func load64(
    at address: VirtualAddress, into value: inout UInt64
  ) -> VirtualAddress? {
    guard isProgram(address, 8) else { return address }
    // SAFETY: in the program's range; the routine survives a fault.
    return unsafe martlet_load64(UInt64(address.rawValue), &value) == 0 ? nil : faultAddress
  }

  @inline(__always)
  public static func store32(_ value: UInt32, at address: VirtualAddress) -> VirtualAddress? {
    guard isProgram(address, 4) else { return address }
    // SAFETY: in the program's range; the routine survives a fault.
    return unsafe martlet_store32(UInt64(address.rawValue), value) == 0 ? nil : faultAddress
  }

  @inline(__always)
  public static func store64(_ value: UInt64, at address: VirtualAddress) -> VirtualAddress? {
    guard isProgram(address, 8) else { return address }
    // SAFETY: in the program's range; the routine survives a fault.
    return unsafe martlet_store64(UInt64(address.rawValue), value) == 0 ? nil : faultAddress
  }

  /// Stores `desired` if the word holds `expected`; `original` gets what it held.
  public static func compareExchange32(
    at address: VirtualAddress, expected: UInt32, desired: UInt32, original: inout UInt32
  ) -> VirtualAddress? {
    guard isProgram(address, 4) else { return address }
    // SAFETY: in the program's range; the routine survives a fault.
    return unsafe martlet_compare_exchange32(
      UInt64(address.rawValue), expected, desired, &original) == 0 ? nil : faultAddress
  }

  private static var faultAddress: VirtualAddress {
    // Written by the page-fault stub just before; interrupts are off.
    VirtualAddress(UInt(PerProcessor.load(MARTLET_CPU_FAULT_ADDRESS)))
  }

  @inline(__always)
  private static func isProgram(_ address: VirtualAddress, _ count: Int) -> Bool {
    // SAFETY: a constant.
    let end = UInt(unsafe martlet_program_end())
    return address >= KernelLayout.programRange.start && address.rawValue < end
      && UInt(bitPattern: count) <= end &- address.rawValue
  }

  /// Names bytes of a native image as those of its program, for as long as `body` runs.
  @inline(__always)
  public static func lend<R, E: Error>(
    _ bytes: RawSpan, _ body: (VirtualAddress) throws(E) -> R
  ) throws(E) -> R {
    // SAFETY: only the address is taken, which is good as long as the span is borrowed.
    let address = unsafe bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    return try body(VirtualAddress(address))
  }

  /// Names bytes of a native image as those of its program, to be written to as long as `body` runs.
  @inline(__always)
  public static func lend<R, E: Error>(
    _ bytes: inout MutableRawSpan, _ body: (VirtualAddress) throws(E) -> R
  ) throws(E) -> R {
    // SAFETY: only the address is taken, which is good as long as the span is.
    let address = unsafe bytes.withUnsafeMutableBytes { UInt(bitPattern: $0.baseAddress) }
    return try body(VirtualAddress(address))
  }
}
