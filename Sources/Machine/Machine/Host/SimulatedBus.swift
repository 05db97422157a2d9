// SPDX-License-Identifier: BSD-3-Clause

import Base
import Synchronization

/// A device that a test plays: it sees every load and store that a driver makes.
open class SimulatedDevice: @unchecked Sendable {
  // SAFETY: `@unchecked Sendable` because a test drives its own device from one thread at a time.

  public init() {}

  /// Answers a load of 1, 2, 4 or 8 bytes.
  open func load(at offset: Int, byteCount: Int) -> UInt64 { 0 }

  /// Takes a store of 1, 2, 4 or 8 bytes.
  open func store(_ value: UInt64, at offset: Int, byteCount: Int) {}
}

/// The bus of the stand-in for the hardware: which device answers at which address or port, and
/// the memory that devices reach by physical address.
///
/// Tests run side by side, so each takes addresses of its own with `reserveAddresses`.
public enum SimulatedBus {
  struct Window: Sendable {
    let start: UInt
    let byteCount: Int
    let device: SimulatedDevice
  }

  struct State {
    var registers: [Window] = []
    var ports: [Window] = []
    /// The memory behind each page number.
    var memory: [UInt: WeakMemory] = [:]
    /// Memory of which a part is in use for ever.
    var permanent: [DMAMemory] = []
    var nextAddress: UInt = 0x1_0000_0000
  }

  struct WeakMemory {
    weak var memory: DMAMemory?
    let start: UInt
    let byteCount: Int
  }

  static let state = Mutex(State())

  /// Fresh physical addresses, page-aligned, that nobody else uses.
  public static func reserveAddresses(byteCount: Int) -> PhysicalAddress {
    state.withLock { state in
      let start = state.nextAddress
      // A free page in between: an access past the end meets nobody.
      state.nextAddress += UInt(roundedUp(byteCount, to: pageSize) + pageSize)
      return PhysicalAddress(start)
    }
  }

  /// Lets `device` answer for its registers at `address`.
  public static func attach(
    _ device: SimulatedDevice, at address: PhysicalAddress, byteCount: Int
  ) {
    state.withLock {
      $0.registers.append(Window(start: address.rawValue, byteCount: byteCount, device: device))
    }
  }

  /// Lets `device` answer for the I/O ports from `first` on.
  public static func attach(_ device: SimulatedDevice, firstPort first: UInt16, count: Int) {
    state.withLock {
      $0.ports.append(Window(start: UInt(first), byteCount: count, device: device))
    }
  }

  /// Takes `device` off the bus.
  public static func detach(_ device: SimulatedDevice) {
    state.withLock {
      $0.registers.removeAll { $0.device === device }
      $0.ports.removeAll { $0.device === device }
    }
  }

  /// Loads `byteCount` (1 to 8) bytes of memory as a device does, or returns nil where there is
  /// no memory.
  public static func loadMemory(at address: UInt, byteCount: Int) -> UInt64? {
    guard let (memory, offset) = findMemory(at: address, byteCount: byteCount) else { return nil }
    return memory.load(at: offset, byteCount: byteCount)
  }

  /// Stores `byteCount` (1 to 8) bytes to memory as a device does. Returns false where there is
  /// no memory.
  @discardableResult
  public static func storeMemory(_ value: UInt64, at address: UInt, byteCount: Int) -> Bool {
    guard let (memory, offset) = findMemory(at: address, byteCount: byteCount) else {
      return false
    }
    memory.store(value, at: offset, byteCount: byteCount)
    return true
  }

  private static func findMemory(at address: UInt, byteCount: Int) -> (DMAMemory, Int)? {
    state.withLock { state in
      guard let entry = state.memory[address / UInt(pageSize)],
        address - entry.start <= UInt(entry.byteCount - byteCount), let memory = entry.memory
      else { return nil }
      return (memory, Int(address - entry.start))
    }
  }

  static func window(at address: UInt, byteCount: Int) -> Window? {
    state.withLock { state in
      state.registers.first {
        address >= $0.start && byteCount <= $0.byteCount
          && address - $0.start <= UInt($0.byteCount - byteCount)
      }
    }
  }

  static func port(_ number: UInt16) -> Window? {
    state.withLock { state in
      state.ports.first { UInt(number) >= $0.start && UInt(number) < $0.start + UInt($0.byteCount) }
    }
  }
}
