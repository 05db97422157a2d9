// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// The program's memory, seen through the simulated page tables. nil means done; otherwise the
/// first address that could not be accessed, and everything before it has been.
public enum ProgramMemory {
  /// Copies from the program.
  public static func copyIn(
    from address: VirtualAddress, into bytes: inout MutableRawSpan
  ) -> VirtualAddress? {
    var done = 0
    let count = bytes.byteCount
    while done < count {
      let here = address + done
      let part = min(count - done, pageSize - here.pageOffset)
      guard let frame = frame(here, .read) else { return here }
      FrameMemory.withBytes(of: frame) {
        bytes.copy($0.extracting(here.pageOffset..<here.pageOffset + part), at: done)
      }
      done += part
    }
    return nil
  }

  /// Copies to the program.
  public static func copyOut(_ bytes: RawSpan, to address: VirtualAddress) -> VirtualAddress? {
    var done = 0
    while done < bytes.byteCount {
      let here = address + done
      let part = min(bytes.byteCount - done, pageSize - here.pageOffset)
      guard let frame = frame(here, .write) else { return here }
      FrameMemory.withMutableBytes(of: frame) {
        $0.copy(bytes.extracting(done..<done + part), at: here.pageOffset)
      }
      done += part
    }
    return nil
  }

  /// Fills with zero bytes.
  public static func zero(at address: VirtualAddress, count: Int) -> VirtualAddress? {
    var done = 0
    while done < count {
      let here = address + done
      let part = min(count - done, pageSize - here.pageOffset)
      guard let frame = frame(here, .write) else { return here }
      FrameMemory.withMutableBytes(of: frame) {
        for offset in 0..<part { $0.storeLittleEndian(UInt8(0), at: here.pageOffset + offset) }
      }
      done += part
    }
    return nil
  }

  public static func load32(
    at address: VirtualAddress, into value: inout UInt32
  ) -> VirtualAddress? {
    load(at: address, into: &value)
  }

  public static func load64(
    at address: VirtualAddress, into value: inout UInt64
  ) -> VirtualAddress? {
    load(at: address, into: &value)
  }

  public static func store32(_ value: UInt32, at address: VirtualAddress) -> VirtualAddress? {
    store(value, at: address)
  }

  public static func store64(_ value: UInt64, at address: VirtualAddress) -> VirtualAddress? {
    store(value, at: address)
  }

  /// Stores `desired` if the word holds `expected`; `original` gets what it held. Like the
  /// instruction, it needs the right to write even when it does not.
  public static func compareExchange32(
    at address: VirtualAddress, expected: UInt32, desired: UInt32, original: inout UInt32
  ) -> VirtualAddress? {
    guard frame(address, .write) != nil else { return address }
    if let fault = load32(at: address, into: &original) { return fault }
    return original == expected ? store32(desired, at: address) : nil
  }

  private static func load<T: FixedWidthInteger & BitwiseCopyable>(
    at address: VirtualAddress, into value: inout T
  ) -> VirtualAddress? {
    var bytes = [UInt8](repeating: 0, count: MemoryLayout<T>.size)
    var span = bytes.mutableSpan
    // SAFETY: any bytes are valid elements of an array of bytes.
    var raw = unsafe span.mutableBytes
    if let fault = copyIn(from: address, into: &raw) { return fault }
    value = raw.littleEndian(at: 0)
    return nil
  }

  private static func store<T: FixedWidthInteger & BitwiseCopyable>(
    _ value: T, at address: VirtualAddress
  ) -> VirtualAddress? {
    // Both pages are checked first: a store is done whole or not at all.
    let last = address + (MemoryLayout<T>.size - 1)
    guard frame(address, .write) != nil else { return address }
    guard frame(last, .write) != nil else { return last.pageStart }
    var bytes = [UInt8](repeating: 0, count: MemoryLayout<T>.size)
    var span = bytes.mutableSpan
    // SAFETY: any bytes are valid elements of an array of bytes.
    var raw = unsafe span.mutableBytes
    raw.storeLittleEndian(value, at: 0)
    return copyOut(raw.bytes, to: address)
  }

  private static func frame(_ address: VirtualAddress, _ access: PageAccess) -> FrameNumber? {
    guard KernelLayout.programRange.contains(address) else { return nil }
    return PageTables.current.value?.translate(address.pageStart, access)
  }
}
