// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// The files of `/proc/<pid>` and `/proc/<pid>/task/<tid>` (`proc(5)`).
struct ProcessEntries {
  private let system: PseudoFileSystem
  private let information: any SystemInformation
  /// Nil for the process as a whole.
  private let thread: Int32?

  static func makeDirectory(
    _ system: PseudoFileSystem, _ information: any SystemInformation, _ tasks: TaskDirectory
  ) -> FixedDirectory {
    FixedDirectory(system) {
      let entries = ProcessEntries(system: system, information: information, thread: nil)
      return entries.links + entries.texts + entries.numbers + entries.programTexts + [
        .init("task") { tasks }, .init("net") { NetworkEntries.makeDirectory(system) },
      ]
    }
  }

  static func makeThreadDirectory(
    _ system: PseudoFileSystem, _ information: any SystemInformation, _ thread: Int32
  ) -> FixedDirectory {
    FixedDirectory(system) {
      let entries = ProcessEntries(system: system, information: information, thread: thread)
      return entries.links + entries.texts + entries.numbers + entries.programTexts + [
        .init("net") { NetworkEntries.makeDirectory(system) }
      ]
    }
  }

  private typealias Writer =
    (any SystemInformation, inout TextBuilder) throws(SystemError) -> Void

  private func file(
    _ name: StaticString, permissionBits: UInt32 = 0o444, _ write: @escaping Writer
  ) -> FixedDirectory.Entry {
    let (system, information) = (system, information)
    return .init(name) {
      TextNode(system, permissionBits: permissionBits) { (text) throws(SystemError) in
        try write(information, &text)
      }
    }
  }

  // MARK: Links

  private var links: [FixedDirectory.Entry] {
    let (system, information) = (system, information)
    return [
      .init("exe") {
        PseudoLink(
          system,
          object: { () throws(SystemError) in
            guard let node = information.executable else { throw .noSuchFile }
            return node
          },
          { () throws(SystemError) in information.executablePath })
      },
      .init("cwd") {
        PseudoLink(
          system, object: { () throws(SystemError) in information.workingDirectory },
          { () throws(SystemError) in Self.path(of: information.workingDirectory, information) })
      },
      .init("root") {
        PseudoLink(
          system, object: { () throws(SystemError) in information.rootDirectory },
          { () throws(SystemError) in [UInt8(ascii: "/")] })
      },
      .init("fd") { DescriptorDirectory(system, information, .links) },
      .init("fdinfo") { DescriptorDirectory(system, information, .details) },
    ]
  }

  private static func path(of node: Node, _ information: any SystemInformation) -> [UInt8] {
    node === information.rootDirectory ? [UInt8(ascii: "/")] : node.absolutePath
  }

  // MARK: What the kernel knows

  /// The thread that is told of: for the process, its first one under the process's own number.
  private static func subject(
    _ thread: Int32?, _ information: any SystemInformation
  ) throws(SystemError) -> ThreadInformation {
    let threads = information.threads
    guard let thread else {
      guard var first = threads.first else { throw .noSuchProcess }
      first.identifier = information.process.identifier
      return first
    }
    for candidate in threads where candidate.identifier == thread { return candidate }
    throw .noSuchProcess
  }

  private var texts: [FixedDirectory.Entry] {
    let thread = thread
    return [
      file("stat") { (information, text) throws(SystemError) in
        StatText.write(
          try Self.subject(thread, information), isThread: thread != nil, information, to: &text)
      },
      file("status") { (information, text) throws(SystemError) in
        StatusText.write(try Self.subject(thread, information), information, to: &text)
      },
      file("statm") { (information, text) throws(SystemError) in
        StatText.writeMemoryPages(information, to: &text)
      },
      file("maps") { (information, text) throws(SystemError) in
        MapsText.write(information.addressSpace, to: &text)
      },
      file("smaps") { (information, text) throws(SystemError) in
        MapsText.writeDetails(information.addressSpace, to: &text)
      },
      file("smaps_rollup") { (information, text) throws(SystemError) in
        MapsText.writeSummary(information.addressSpace, to: &text)
      },
      file("limits") { (information, text) throws(SystemError) in
        LimitsText.write(information, to: &text)
      },
      file("mounts") { (information, text) throws(SystemError) in
        MountsText.write(information.mounts, to: &text)
      },
      file("mountinfo") { (information, text) throws(SystemError) in
        MountsText.writeDetails(information.mounts, to: &text)
      },
    ]
  }

  // MARK: What the program was given

  private var programTexts: [FixedDirectory.Entry] {
    [
      file("cmdline") { (information, text) throws(SystemError) in
        text.append(information.commandLine)
      },
      file("environ", permissionBits: 0o400) { (information, text) throws(SystemError) in
        text.append(information.environment)
      },
      file("auxv", permissionBits: 0o400) { (information, text) throws(SystemError) in
        text.append(information.auxiliaryVector)
      },
      commandName,
    ]
  }

  private var commandName: FixedDirectory.Entry {
    let (system, information, thread) = (system, information, thread)
    return .init("comm") {
      TextNode(
        system, permissionBits: 0o644,
        accept: { (name) throws(SystemError) in
          let subject = thread ?? information.process.identifier
          guard information.hasThread(subject) else { throw .noSuchProcess }
          information.setName(Array(name.prefix(15)), ofThread: subject)
        },
        { (text) throws(SystemError) in
          text.append(try Self.subject(thread, information).name)
          text.endLine()
        })
    }
  }

  // MARK: Numbers

  private var numbers: [FixedDirectory.Entry] {
    let system = system
    return [
      .init("cgroup") { TextNode(system, constant: "0::/\n") },
      .init("oom_score") { TextNode(system, constant: "0\n") },
      .init("oom_score_adj") { Setting.node(system, 0, in: -1000...1000) },
      .init("coredump_filter") { TextNode(system, constant: "00000033\n") },
      .init("wchan") { TextNode(system, constant: "0") },
      .init("loginuid") { TextNode(system, constant: "4294967295") },
      .init("sessionid") { TextNode(system, constant: "4294967295") },
      .init("uid_map") { TextNode(system, constant: "         0          0 4294967295\n") },
      .init("gid_map") { TextNode(system, constant: "         0          0 4294967295\n") },
      .init("setgroups") { TextNode(system, constant: "allow\n") },
      file("personality", permissionBits: 0o400) { (information, text) throws(SystemError) in
        text.append(hexadecimal: UInt64(information.process.personality), digits: 8)
        text.endLine()
      },
      file("schedstat") { (information, text) throws(SystemError) in
        text.append(decimal: Int(information.process.processorTime.count))
        text.append(" 0 0\n")
      },
      file("io", permissionBits: 0o400) { (_, text) throws(SystemError) in
        text.append("rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\n")
        text.append("write_bytes: 0\ncancelled_write_bytes: 0\n")
      },
    ]
  }
}
