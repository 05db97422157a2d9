// SPDX-License-Identifier: BSD-3-Clause

import NativeBlocks
import VirtioBlock

/// A device of raw blocks: a disk of the machine.
///
/// ```swift
/// import Martlet
///
/// let disk = try BlockDevice(0)
/// var block = try disk.read(at: 0, count: 1)
/// block[0] &+= 1
/// try disk.write(at: 0, block)
/// try disk.flush()
/// ```
///
/// Each call waits until the device has answered, and other threads run meanwhile; there is no
/// deadline, since the device has the memory as long as it works. What was written is safe after
/// `flush`.
public struct BlockDevice {
  private let driver: VirtioBlock
  private let sectorsPerBlock: Int

  /// How many there are.
  public static var count: Int { NativeBlocks.devices.count }

  /// The device of this number, from 0 on, in the order of `--disk`.
  ///
  /// - Throws: `noSuchDevice`.
  public init(_ index: Int) throws(BlockDeviceError) {
    let devices = NativeBlocks.devices
    guard index >= 0, index < devices.count else { throw .noSuchDevice }
    driver = devices[index]
    sectorsPerBlock = driver.configuration.blockByteCount / BlockConfiguration.sectorByteCount
  }

  /// The size of a block in bytes, a power of two from 512 on.
  public var blockSize: Int { driver.configuration.blockByteCount }
  /// How many blocks there are.
  public var blockCount: Int { driver.configuration.sectorCount / sectorsPerBlock }
  /// Whether the device takes no writes.
  public var isReadOnly: Bool { driver.isReadOnly }

  private func sector(_ block: Int) throws(BlockDeviceError) -> Int {
    guard block >= 0, block <= blockCount else { throw .outOfRange }
    return block * sectorsPerBlock
  }

  /// Reads whole blocks from a block on.
  ///
  /// - Throws: `outOfRange`, `unaligned`, `inputOutput`, `noMemory`, `deviceFailed`.
  public func read(
    at block: Int, into bytes: inout MutableRawSpan
  ) throws(BlockDeviceError) {
    let sector = try sector(block)
    do throws(BlockError) { try driver.read(sector: sector, into: &bytes) } catch {
      throw BlockDeviceError(error)
    }
  }

  /// Writes whole blocks from a block on.
  ///
  /// - Throws: `readOnly`, `outOfRange`, `unaligned`, `inputOutput`, `noMemory`, `deviceFailed`.
  public func write(at block: Int, _ bytes: RawSpan) throws(BlockDeviceError) {
    let sector = try sector(block)
    do throws(BlockError) { try driver.write(sector: sector, bytes) } catch {
      throw BlockDeviceError(error)
    }
  }

  /// Makes blocks read as zero, without sending zeros.
  ///
  /// - Throws: `notSupported` where the device does not offer it, and as `write`.
  public func zero(at block: Int, count: Int) throws(BlockDeviceError) {
    let (sector, byteCount) = (try sector(block), try byteCount(of: count))
    do throws(BlockError) { try driver.writeZeroes(sector: sector, byteCount: byteCount) } catch {
      throw BlockDeviceError(error)
    }
  }

  /// Says that what blocks hold is of no use any more: they may read as anything then, and the host
  /// may give their room away.
  ///
  /// - Throws: `notSupported` where the device does not offer it, and as `write`.
  public func discard(at block: Int, count: Int) throws(BlockDeviceError) {
    let (sector, byteCount) = (try sector(block), try byteCount(of: count))
    do throws(BlockError) { try driver.discard(sector: sector, byteCount: byteCount) } catch {
      throw BlockDeviceError(error)
    }
  }

  private func byteCount(of count: Int) throws(BlockDeviceError) -> Int {
    guard count >= 0, count <= blockCount else { throw .outOfRange }
    return count * blockSize
  }

  /// Waits until everything that was written is safe on the host.
  ///
  /// - Throws: `inputOutput`, `deviceFailed`.
  public func flush() throws(BlockDeviceError) {
    do throws(BlockError) { try driver.flush() } catch { throw BlockDeviceError(error) }
  }
}

extension BlockDeviceError {
  init(_ error: BlockError) {
    switch error {
    case .outOfRange: self = .outOfRange
    case .unaligned: self = .unaligned
    case .readOnly: self = .readOnly
    case .notSupported: self = .notSupported
    case .inputOutput: self = .inputOutput
    case .outOfMemory: self = .noMemory
    case .broken: self = .deviceFailed
    }
  }
}
