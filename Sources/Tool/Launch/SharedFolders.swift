// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import ToolSupport

/// The volumes of a start: checked, in the order in which they are mounted, and as QEMU and the
/// kernel are told of them.
///
/// QEMU serves each by 9P with `security_model=none`: files are on the host what they are in the
/// guest, with the user's own rights, and what only root could do (giving files away) is not done.
public enum SharedFolders {
  /// The kernel's libraries for volumes.
  public static func settings(_ kind: Plan.Kind) -> [String] {
    ["VIRTIO_9P=y", "NINEP=y"] + (kind == .swift ? ["NATIVE_VOLUMES=y"] : [])
  }

  /// How many devices microvm has room for beside the console and the network card.
  private static let microvmLimit = 6
  /// Where the kernel has file systems of its own.
  private static let taken = ["/dev", "/proc", "/sys"]

  /// The volumes with absolute paths, outer ones first.
  ///
  /// - Parameter folder: where relative host paths begin.
  public static func resolved(_ volumes: [Volume], in folder: String) -> [Volume] {
    volumes.map { volume in
      var volume = volume
      volume.host = Paths.absolute(volume.host, in: folder)
      volume.guest = Paths.absolute(volume.guest)
      return volume
    }
  }

  /// Checks volumes whose paths are absolute, and puts outer ones first: a volume may lie inside
  /// another.
  public static func checked(
    _ volumes: [Volume], machine: LaunchOptions.Machine, file: String
  ) throws -> [Volume] {
    var seen: Set<String> = []
    for volume in volumes {
      try check(volume, file: file)
      guard seen.insert(volume.guest).inserted else {
        throw ToolError(
          "two volumes have the place \(volume.guest)", at: file,
          advice: "Give one of them another path in the guest.")
      }
    }
    guard machine != .microvm || volumes.count <= microvmLimit else {
      throw ToolError(
        "the machine microvm has room for \(microvmLimit) volumes, not \(volumes.count)", at: file,
        advice: "Add --machine q35, or share a folder that holds several of them.")
    }
    let depth = { (volume: Volume) in volume.guest.filter { $0 == "/" }.count }
    return volumes.enumerated().sorted {
      (depth($0.element), $0.offset) < (depth($1.element), $1.offset)
    }.map(\.element)
  }

  private static func check(_ volume: Volume, file: String) throws {
    guard Paths.isFolder(volume.host) else {
      let isThere = FileManager.default.fileExists(atPath: volume.host)
      throw ToolError(
        isThere ? "the volume is no folder" : "the volume's folder does not exist",
        at: volume.host,
        advice: isThere
          ? "Share the folder that holds the file." : "Make it: mkdir -p '\(volume.host)'")
    }
    guard access(volume.host, R_OK | X_OK) == 0 else {
      throw ToolError(
        "the volume's folder cannot be read: \(String(cString: strerror(errno)))",
        at: volume.host, advice: "The emulator runs as you: give yourself the right to read it.")
    }
    guard volume.guest != "/" else {
      throw ToolError(
        "a volume cannot be the guest's root", at: file,
        advice: "Choose a path below it, as in -v \(volume.host):/data.")
    }
    for place in taken where volume.guest == place || volume.guest.hasPrefix(place + "/") {
      throw ToolError(
        "a volume cannot lie in \(place), which the kernel makes", at: file,
        advice: "Choose another path for \(volume.host).")
    }
  }

  /// What the kernel knows the volume by; the device's `mount_tag`.
  static func tag(_ index: Int) -> String { "volume\(index)" }

  /// QEMU's words for the volumes.
  public static func arguments(
    _ volumes: [Volume], machine: LaunchOptions.Machine
  ) -> [String] {
    volumes.enumerated().flatMap { index, volume in
      let tag = tag(index)
      let path = EmulatorWords.escaped(volume.host)
      let folder =
        "local,id=\(tag),path=\(path),security_model=none,multidevs=remap"
        + (volume.isReadOnly ? ",readonly=on" : "")
      let device = EmulatorWords.virtioDevice("9p", on: machine)
      return ["-fsdev", folder, "-device", "\(device),fsdev=\(tag),mount_tag=\(tag)"]
    }
  }
}

/// Who the emulator runs as: the owner of files in volumes that the guest sees as its root.
public struct HostOwner: Sendable, Equatable {
  public var user: UInt32
  public var group: UInt32

  public init(user: UInt32, group: UInt32) {
    self.user = user
    self.group = group
  }

  /// The present user.
  public static var current: HostOwner { HostOwner(user: geteuid(), group: getegid()) }
}
