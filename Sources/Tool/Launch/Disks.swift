// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import ToolSupport

/// The disks of a start: checked, and as QEMU is told of them.
///
/// Each has the serial text `disk0`, `disk1` and so on, by which the kernel knows the order.
public enum Disks {
  /// The kernel's library for disks.
  public static let settings = ["VIRTIO_BLOCK=y"]

  /// Disks and volumes that microvm has room for beside the console and the network card.
  private static let microvmLimit = 6
  private static let sectorByteCount = 512

  /// The disks with absolute paths.
  ///
  /// - Parameter folder: where relative paths begin.
  public static func resolved(_ disks: [Disk], in folder: String) -> [Disk] {
    disks.map { disk in
      var disk = disk
      disk.path = Paths.absolute(disk.path, in: folder)
      return disk
    }
  }

  /// Checks disks whose paths are absolute.
  ///
  /// - Parameter volumeCount: how many volumes the same machine has.
  public static func check(
    _ disks: [Disk], of plan: Plan, volumeCount: Int, machine: LaunchOptions.Machine
  ) throws {
    guard !disks.isEmpty else { return }
    guard plan.kind == .swift else {
      throw ToolError(
        "\(plan.name) is a Linux program, and those see no disks", at: plan.file,
        advice: "Share a folder with -v HOSTDIR:/GUEST instead.")
    }
    var seen: Set<String> = []
    for disk in disks {
      try check(disk)
      guard seen.insert(disk.path).inserted else {
        throw ToolError("two disks are the same file", at: disk.path)
      }
    }
    guard machine != .microvm || disks.count + volumeCount <= microvmLimit else {
      throw ToolError(
        "the machine microvm has room for \(microvmLimit) disks and volumes, not "
          + "\(disks.count + volumeCount)", at: plan.file, advice: "Add --machine q35.")
    }
  }

  private static func check(_ disk: Disk) throws {
    guard let size = size(of: disk.path) else {
      let isThere = FileManager.default.fileExists(atPath: disk.path)
      throw ToolError(
        isThere ? "the disk is no file" : "the disk's file does not exist", at: disk.path,
        advice: isThere ? nil : "Make it: truncate -s 64M '\(disk.path)'")
    }
    guard access(disk.path, disk.isReadOnly ? R_OK : R_OK | W_OK) == 0 else {
      throw ToolError(
        "the disk cannot be \(disk.isReadOnly ? "read" : "written"): "
          + String(cString: strerror(errno)), at: disk.path,
        advice: disk.isReadOnly ? nil : "Write ':ro' behind it if the guest is only to read it.")
    }
    guard size > 0, size % Int64(sectorByteCount) == 0 else {
      throw ToolError(
        "the disk has \(size) bytes, which are no whole number of sectors", at: disk.path,
        advice: "A disk has a multiple of \(sectorByteCount) bytes: truncate -s %512 FILE.")
    }
  }

  /// The size of a regular file or a device with blocks; nil for anything else.
  private static func size(of path: String) -> Int64? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      return Int64(status.st_size)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return Int64(status.st_size)
    case S_IFBLK: return Int64(lseek(descriptor, 0, Int32(SEEK_END)))
    default: return nil
    }
  }

  /// What the kernel knows a disk by.
  static func serial(_ index: Int) -> String { "disk\(index)" }

  /// QEMU's words for the disks.
  public static func arguments(
    _ disks: [Disk], machine: LaunchOptions.Machine
  ) -> [String] {
    disks.enumerated().flatMap { index, disk in
      let serial = serial(index)
      let drive =
        "if=none,id=\(serial),format=raw,discard=unmap,file=\(EmulatorWords.escaped(disk.path))"
        + (disk.isReadOnly ? ",readonly=on" : "")
      let device = EmulatorWords.virtioDevice("blk", on: machine)
      return ["-drive", drive, "-device", "\(device),drive=\(serial),serial=\(serial)"]
    }
  }

  /// As a process of the host is told: a line for each disk, `ro:` or `rw:` and its path.
  public static func list(_ disks: [Disk]) -> String {
    disks.map { ($0.isReadOnly ? "ro:" : "rw:") + $0.path }.joined(separator: "\n")
  }
}
