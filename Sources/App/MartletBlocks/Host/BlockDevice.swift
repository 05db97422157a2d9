// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine

/// A device of raw blocks: a file of the host (see the sibling for the guest).
public struct BlockDevice {
  private let disk: HostDisk

  /// How many there are.
  public static var count: Int { HostDisk.all.count }

  /// The device of this number, from 0 on, in the order of `--disk`.
  public init(_ index: Int) throws(BlockDeviceError) {
    guard index >= 0, index < HostDisk.all.count else { throw .noSuchDevice }
    disk = HostDisk.all[index]
  }

  /// The size of a block in bytes, as QEMU's disks have it.
  public var blockSize: Int { 512 }
  /// How many blocks there are.
  public var blockCount: Int { disk.byteCount / blockSize }
  /// Whether the device takes no writes.
  public var isReadOnly: Bool { disk.isReadOnly }

  private func place(of block: Int, byteCount: Int) throws(BlockDeviceError) -> Int {
    guard block >= 0, block <= blockCount else { throw .outOfRange }
    guard byteCount % blockSize == 0 else { throw .unaligned }
    guard byteCount / blockSize <= blockCount - block else { throw .outOfRange }
    return block * blockSize
  }

  /// Reads whole blocks from a block on.
  public func read(
    at block: Int, into bytes: inout MutableRawSpan
  ) throws(BlockDeviceError) {
    let start = try place(of: block, byteCount: bytes.byteCount)
    var done = 0
    while done < bytes.byteCount {
      var rest = bytes._mutatingExtracting(done..<bytes.byteCount)
      let count = try? disk.file.read(into: &rest, at: start + done)
      guard let count, count > 0 else { throw .inputOutput }
      done += count
    }
  }

  /// Writes whole blocks from a block on.
  public func write(at block: Int, _ bytes: RawSpan) throws(BlockDeviceError) {
    guard !isReadOnly else { throw .readOnly }
    let start = try place(of: block, byteCount: bytes.byteCount)
    do throws(HostFileError) { try disk.file.write(bytes, at: start) } catch { throw .inputOutput }
  }

  /// Makes blocks read as zero.
  public func zero(at block: Int, count: Int) throws(BlockDeviceError) {
    guard !isReadOnly else { throw .readOnly }
    guard count >= 0, count <= blockCount else { throw .outOfRange }
    _ = try place(of: block, byteCount: count * blockSize)
    let zeros = [UInt8](repeating: 0, count: blockSize)
    for number in block..<block + count { try write(at: number, zeros) }
  }

  /// Says that what blocks hold is of no use any more; here that changes nothing.
  public func discard(at block: Int, count: Int) throws(BlockDeviceError) {
    guard !isReadOnly else { throw .readOnly }
    guard count >= 0, count <= blockCount else { throw .outOfRange }
    _ = try place(of: block, byteCount: count * blockSize)
  }

  /// Waits until everything that was written is on the disk.
  public func flush() throws(BlockDeviceError) {
    guard !isReadOnly else { return }
    do throws(HostFileError) { try disk.file.synchronize() } catch { throw .inputOutput }
  }
}
