// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Debian's cloud kernel with one static program as its init, under the same emulator settings:
/// what Martlet is compared with.
public struct LinuxGuest: Sendable {
  public var memory: ByteSize
  /// Whether one instruction is one nanosecond of guest time.
  public var countsInstructions = true
  public var timeout: Duration = .seconds(600)

  public init(memory: ByteSize) { self.memory = memory }

  /// Boots and returns everything that came over the console.
  ///
  /// The program's end is the kernel's end (`panic=-1` restarts, QEMU does not).
  public func run(program: String) async throws -> [UInt8] {
    let kernel = try await Self.kernel()
    let archive = try Self.archive(program: program)
    defer { try? FileManager.default.removeItem(atPath: archive) }
    var words = [
      "--kill-after=5", "\(timeout.components.seconds)", "qemu-system-x86_64", "-machine", "q35",
      "-accel", "tcg", "-cpu", "max", "-m", "\(memory.bytes >> 10)K", "-nodefaults",
      "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", kernel,
      "-initrd", archive, "-append", "console=ttyS0 quiet loglevel=0 panic=-1 tsc=reliable",
    ]
    if countsInstructions { words += ["-icount", "shift=0,sleep=off"] }
    let output = try await ExternalCommand("timeout", words).run()
    guard output.status != 124 else {
      throw ToolError("the Linux guest did not end within \(timeout)")
    }
    guard output.isSuccess else {
      throw ToolError("the Linux guest failed: \(output.errorText.prefix(500))")
    }
    return output.standardOutput
  }

  /// Compiles one C file statically, into the cache.
  ///
  /// - Parameter name: the result's; the source's without its ending by default.
  public static func compile(
    _ source: String, name: String? = nil, flags: [String] = []
  ) async throws -> String {
    let folder = try Paths.cache("bench")
    let file = (source as NSString).lastPathComponent
    let program = "\(folder)/\(name ?? (file as NSString).deletingPathExtension)"
    try await ExternalCommand(
      "cc", ["-O2", "-static", "-pthread"] + flags + ["-o", program, source]
    ).runChecked("compiling \(file)")
    return program
  }

  /// The path of a `vmlinuz` from the package linux-image-cloud-amd64, fetched once.
  static func kernel() async throws -> String {
    let folder = try Paths.cache("linux")
    if let kept = vmlinuz(in: folder) { return kept }
    let advice = "The comparison needs the network once; run `apt-get update` and try again."
    let depends = try await ExternalCommand(
      "apt-cache", ["depends", "--important", "linux-image-cloud-amd64"]
    ).runChecked("looking for Debian's cloud kernel", advice: advice)
    let words = depends.text.split(whereSeparator: \.isWhitespace)
    guard let package = words.first(where: { $0.hasPrefix("linux-image-") && $0.contains(".") })
    else {
      throw ToolError("Debian's package linux-image-cloud-amd64 names no kernel", advice: advice)
    }
    try await ExternalCommand("apt-get", ["download", String(package)], in: folder)
      .runChecked("fetching \(package)", advice: advice)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
    guard let archive = files.first(where: { $0.hasSuffix(".deb") }) else {
      throw ToolError("apt-get downloaded no package", at: folder)
    }
    // Of 30 MB of modules only a server's are wanted.
    let wanted = (LinuxServer.modules + LinuxServer.bridgeModules).map {
      "'./lib/modules/*/kernel/\($0).ko'"
    }
    try await ExternalCommand(
      "sh",
      [
        "-c",
        "dpkg-deb --fsys-tarfile \"$1\" | tar -x --wildcards './boot/vmlinuz-*' "
          + wanted.joined(separator: " "), "sh", archive,
      ],
      in: folder
    ).runChecked("unpacking \(archive)")
    try FileManager.default.removeItem(atPath: "\(folder)/\(archive)")
    guard let kernel = vmlinuz(in: folder) else {
      throw ToolError("the package \(package) holds no kernel", at: folder)
    }
    return kernel
  }

  private static func vmlinuz(in folder: String) -> String? {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/boot")) ?? []
    return files.filter { $0.hasPrefix("vmlinuz-") }.sorted().map { "\(folder)/boot/\($0)" }
      .last { kernel in
        (LinuxServer.modules + LinuxServer.bridgeModules).allSatisfy {
          Paths.isFile("\(moduleFolder(of: kernel))/kernel/\($0).ko")
        }
      }
  }

  /// Where the modules of `kernel()` are.
  static func moduleFolder(of kernel: String) -> String {
    let version = (kernel as NSString).lastPathComponent.dropFirst("vmlinuz-".count)
    let folder = (kernel as NSString).deletingLastPathComponent
    return "\((folder as NSString).deletingLastPathComponent)/lib/modules/\(version)"
  }

  private static func archive(program: String) throws -> String {
    guard let contents = FileManager.default.contents(atPath: program) else {
      throw ToolError("cannot read the program", at: program)
    }
    var archive = InitialArchive()
    archive.add("dev", mode: 0o40755)
    archive.add("dev/console", mode: 0o20600, device: (5, 1))
    archive.add("proc", mode: 0o40755)
    archive.add("tmp", mode: 0o41777)
    archive.add("init", mode: 0o100755, contents: [UInt8](contents))
    let path = "\(try Paths.cache("linux"))/initramfs-\(UUID().uuidString)"
    try Data(archive.finish()).write(to: URL(fileURLWithPath: path))
    return path
  }
}
