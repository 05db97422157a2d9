// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Launch
import Plan
import ToolSupport

/// Debian's cloud kernel with the root, the command and the emulator's arguments of a Martlet
/// guest.
///
/// The machine is q35 for both: the cloud kernel is built without
/// `CONFIG_VIRTIO_MMIO_CMDLINE_DEVICES`, so that it does not find the devices of a microvm without
/// ACPI.
struct LinuxServer: Sendable {
  let kernel: String
  /// The initial archive: modules and `Tests/Bench/linux-init.c`.
  let initial: String
  /// Martlet's root archive; nil for a guest that needs no files.
  let root: String?

  /// What a server needs, in the order of loading; all from the kernel's own package.
  static let modules = [
    "drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_legacy_dev",
    "drivers/virtio/virtio_pci_modern_dev", "drivers/virtio/virtio_pci", "net/core/failover",
    "drivers/net/net_failover", "drivers/net/virtio_net", "drivers/block/virtio_blk",
    "lib/libcrc32c", "fs/erofs/erofs",
  ]

  /// What a bridge needs besides.
  static let bridgeModules = ["net/llc/llc", "net/802/stp", "net/bridge/bridge"]

  /// The kernel's own defaults, but that it may trust the time-stamp counter: else it would take
  /// every time from an emulated device.
  static let commandLine = "console=ttyS0 quiet loglevel=4 panic=-1 tsc=reliable"

  init(kernel: String, initial: String, root: String?) {
    self.kernel = kernel
    self.initial = initial
    self.root = root
  }

  /// Prepares a start of the plan's command.
  init(plan: Plan, root: String, folder: String) async throws {
    self.init(
      kernel: try await LinuxGuest.kernel(), initial: "\(folder)/initial.cpio", root: root)
    try await writeArchive(
      program: "linux-init.c", modules: Self.modules, files: Self.configuration(of: plan))
  }

  /// Prepares a start of a bridge between two cards.
  init(bridgeIn folder: String) async throws {
    self.init(
      kernel: try await LinuxGuest.kernel(), initial: "\(folder)/initial.cpio", root: nil)
    let modules = Self.modules.filter { !$0.hasPrefix("fs/") && !$0.contains("libcrc32c") }
    try await writeArchive(
      program: "linux-bridge.c", modules: modules + Self.bridgeModules,
      files: [("modules/list", Self.list(of: modules + Self.bridgeModules))])
  }

  /// Writes the initial archive, whose first process is a program of `Tests/Bench`.
  private func writeArchive(
    program source: String, modules: [String], files: [(name: String, text: String)]
  ) async throws {
    let program = try await LinuxGuest.compile("\(Repository.root)/Tests/Bench/\(source)")
    var archive = InitialArchive()
    for name in ["dev", "modules", "proc"] { archive.add(name, mode: 0o40755) }
    archive.add("dev/console", mode: 0o20600, device: (5, 1))
    archive.add("init", mode: 0o100755, contents: try Self.contents(of: program))
    let sources = LinuxGuest.moduleFolder(of: kernel)
    for module in modules {
      let name = (module as NSString).lastPathComponent
      archive.add(
        "modules/\(name).ko", mode: 0o100644,
        contents: try Self.contents(of: "\(sources)/kernel/\(module).ko"))
    }
    for (name, text) in files {
      archive.add(name, mode: 0o100644, contents: Array(text.utf8))
    }
    try Data(archive.finish()).write(to: URL(fileURLWithPath: initial))
  }

  private static func list(of modules: [String]) -> String {
    modules.map { "\(($0 as NSString).lastPathComponent).ko\n" }.joined()
  }

  /// The files that `linux-init.c` reads.
  static func configuration(of plan: Plan) -> [(name: String, text: String)] {
    let variables = [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
    ]
    return [
      ("modules/list", list(of: modules)),
      ("address", "\(TestNetwork.guestAddress) \(TestNetwork.guestPrefixLength)"),
      ("arguments", plan.command.map { "\($0)\0" }.joined()),
      (
        "environment",
        (variables + plan.environment.map(\.text)).map { "\($0)\0" }.joined()
      ),
      ("cwd", plan.workingDirectory ?? "/"),
    ]
  }

  /// Martlet's own command line with another kernel and root, and the console as log.
  ///
  /// - Parameter words: the emulator and its arguments, as `Launcher` makes them.
  func vector(from words: [String]) -> [String] {
    var words = words
    let changed = ["-kernel": kernel, "-initrd": initial, "-append": Self.commandLine]
    for index in words.indices.dropLast() {
      if let value = changed[words[index]] {
        words[index + 1] = value
      } else if words[index] == "-chardev" {
        // Martlet's streams lead to sockets of the tool; Linux has its console.
        let id = words[index + 1].split(separator: ",").first { $0.hasPrefix("id=") } ?? "id=none"
        words[index + 1] = id == "id=log" ? "stdio,\(id),signal=off" : "null,\(id)"
      }
    }
    // An application that is linked in has no archive to hand over.
    if !words.contains("-initrd") { words += ["-initrd", initial] }
    guard let root else { return words }
    return words + [
      "-drive", "if=none,id=root,format=raw,readonly=on,file=\(root)",
      "-device", "virtio-blk-pci,drive=root,disable-legacy=on",
    ]
  }

  private static func contents(of path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ToolError("cannot read the file", at: path)
    }
    return [UInt8](data)
  }
}
