// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// `/proc`: what programs read about themselves and the system (`proc(5)`).
public enum ProcFS {
  private static let deviceNumber: UInt64 = 0x15
  /// `PROC_SUPER_MAGIC`
  private static let magic: UInt64 = 0x9fa0

  /// Tells of the network; set by the image when there is one, before anybody looks.
  public static let networkInformation = KernelGlobal<(any NetworkInformation)?>(nil)

  /// The root of a new `/proc`. Its nodes are made when they are looked up.
  public static func makeRoot(_ information: any SystemInformation) -> Node {
    let system = PseudoFileSystem(deviceNumber: deviceNumber, magic: magic)
    return ProcRoot(system, information)
  }
}

/// The directory `/proc`: fixed names, and the process by its number.
final class ProcRoot: FixedDirectory {
  private let information: any SystemInformation
  private let tasks: TaskDirectory
  private let processDirectory: FixedDirectory

  init(_ system: PseudoFileSystem, _ information: any SystemInformation) {
    self.information = information
    tasks = TaskDirectory(system, information)
    processDirectory = ProcessEntries.makeDirectory(system, information, tasks)
    super.init(system) {
      Self.links(system, information) + Self.texts(system, information)
        + Self.constants(system) + [
          .init("sys") { KernelSettings.makeDirectory(system, information) }
        ]
    }
  }

  override func lookupOther(_ name: RawSpan) throws(SystemError) -> Node? {
    guard let identifier = DecimalText.number(name) else { return nil }
    if identifier == information.process.identifier { return processDirectory }
    // Threads can be found here, too, but are not listed.
    return tasks.directory(of: identifier)
  }

  override func otherEntry(from cookie: UInt64) throws(SystemError) -> DirectoryEntry? {
    guard cookie == 0 else { return nil }
    return DirectoryEntry(
      name: DecimalText.bytes(of: information.process.identifier),
      number: processDirectory.number, kind: .directory, next: 1)
  }

  private static func links(
    _ system: PseudoFileSystem, _ information: any SystemInformation
  ) -> [FixedDirectory.Entry] {
    [
      .init("self") {
        PseudoLink(system) { () throws(SystemError) in
          DecimalText.bytes(of: information.process.identifier)
        }
      },
      .init("thread-self") {
        PseudoLink(system) { () throws(SystemError) in
          DecimalText.bytes(of: information.process.identifier)
            + StaticString("/task/").byteArray
            + DecimalText.bytes(of: information.currentThread)
        }
      },
      .init("mounts") { PseudoLink(system, to: "self/mounts") },
      .init("net") { PseudoLink(system, to: "self/net") },
    ]
  }

  private static func texts(
    _ system: PseudoFileSystem, _ information: any SystemInformation
  ) -> [FixedDirectory.Entry] {
    func file(
      _ name: StaticString,
      _ write: @escaping (any SystemInformation, inout TextBuilder) -> Void
    ) -> Entry {
      .init(name) {
        TextNode(system) { (text) throws(SystemError) in write(information, &text) }
      }
    }
    return [
      file("meminfo") { SystemTexts.memory($0, to: &$1) },
      file("cpuinfo") { SystemTexts.processor($0, to: &$1) },
      file("stat") { SystemTexts.statistics($0, to: &$1) },
      file("vmstat") { SystemTexts.pages($0, to: &$1) },
      file("uptime") { SystemTexts.uptime($0, to: &$1) },
      file("loadavg") { SystemTexts.load($0, to: &$1) },
      file("cmdline") { (information, text) in
        text.append(information.kernelCommandLine)
        text.endLine()
      },
    ]
  }

  private static func constants(_ system: PseudoFileSystem) -> [FixedDirectory.Entry] {
    [
      .init("version") { TextNode(system, constant: SystemTexts.version) },
      .init("filesystems") { TextNode(system, constant: SystemTexts.fileSystems) },
      .init("devices") { TextNode(system, constant: SystemTexts.devices) },
      .init("cgroups") {
        TextNode(system, constant: "#subsys_name\thierarchy\tnum_cgroups\tenabled\n")
      },
      .init("diskstats") { TextNode(system, constant: "") },
      .init("partitions") { TextNode(system, constant: "major minor  #blocks  name\n\n") },
      .init("swaps") {
        TextNode(
          system, constant: "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
      },
    ]
  }
}
