// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Synchronization
import ToolSupport

/// A network of its own for one guest and the programs that load or attack it: a namespace with tap
/// devices.
///
/// One shell lives in the namespace as the first process of a process namespace and waits for the
/// end of its input, which is the end of this object or of the tool, however that ends. Then it
/// ends everything that was started here, so that nobody writes to the folder any more, and removes
/// the folder. Should the shell end first, the kernel does the former. With the last process the
/// namespace and its device are gone: there is nothing that a crash could leave behind.
///
/// Root is not needed where users may have namespaces and /dev/net/tun.
public final class TestNetwork: Sendable {
  public static let device = "mtbench0"
  /// One more device, which has no address.
  public static let secondDevice = "mtbench1"
  static let hostPrefix = "10.77.0.1/24"
  public static let guestAddress = "10.77.0.2"
  public static let guestPrefixLength = 24

  /// For files that live as long as the network.
  public let folder: String
  /// The shell's process number.
  private let target: String
  private let holder: Process
  private let lifeline: FileHandle
  private let isOpen = Mutex(true)

  /// Makes one; throws when the user has no right to, with the reason.
  public init() throws {
    folder = Paths.absolute("\(NSTemporaryDirectory())/martlet-network-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    holder = Process()
    holder.executableURL = URL(fileURLWithPath: try Self.located("setsid"))
    // In a session of its own: Ctrl-C of a terminal must not end it before it has cleaned up.
    let rights = Self.isRoot ? [] : ["--user", "--map-root-user"]
    holder.arguments =
      ["--wait", "unshare"] + rights
      + ["--net", "--pid", "--fork", "--kill-child", "sh", "-c", Self.script, "sh", folder]
    let input = Pipe()
    let output = Pipe()
    lifeline = input.fileHandleForWriting
    // The end of the tool must be the end of the input: nobody else may hold it.
    _ = fcntl(lifeline.fileDescriptor, F_SETFD, FD_CLOEXEC)
    holder.standardInput = input.fileHandleForReading
    holder.standardOutput = output.fileHandleForWriting
    holder.standardError = output.fileHandleForWriting
    do {
      try holder.run()
    } catch {
      throw ToolError("cannot start unshare: \(error)", advice: "Run ./martlet doctor.")
    }
    try? output.fileHandleForWriting.close()
    let said = Self.greeting(from: Descriptor(output.fileHandleForReading.fileDescriptor))
    guard let words = said.split(separator: "\n").last?.split(separator: " "), words.count == 2,
      words[0] == "ready"
    else {
      target = ""
      close()
      throw ToolError(
        "cannot make a network of its own for a guest\n  "
          + said.split(separator: "\n").joined(separator: "\n  "),
        advice: Self.isRoot
          ? "It needs the right to make namespaces, and /dev/net/tun."
          : "Run it as root; without root it needs namespaces for users and access to /dev/net/tun."
      )
    }
    target = String(words[1])
  }

  deinit { close() }

  /// Ends everything that runs in it, and removes it. Does nothing the second time.
  public func close() {
    let isFirst = isOpen.withLock { (isOpen: inout Bool) -> Bool in
      defer { isOpen = false }
      return isOpen
    }
    guard isFirst else { return }
    try? lifeline.close()
    holder.waitUntilExit()
  }

  /// A program in the namespace, ended after that many seconds with status 124.
  public func command(_ words: [String], seconds: Int) -> ExternalCommand {
    ExternalCommand("timeout", ["--kill-after=5", "\(seconds)"] + entering + words)
  }

  /// An executable file that runs QEMU in the namespace; `more` comes after the arguments it gets.
  public func emulator(more: [String]) throws -> String {
    let path = "\(folder)/qemu"
    let qemu = try Self.located(Paths.environment("MARTLET_QEMU") ?? "qemu-system-x86_64")
    let words = entering + [qemu]
    let text =
      "#!/bin/sh\nexec \(words.map(Self.quoted).joined(separator: " ")) \"$@\" "
      + "\(more.map(Self.quoted).joined(separator: " "))\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  private var entering: [String] {
    ["nsenter", "--target", target, "--net", "--pid"]
      + (Self.isRoot ? [] : ["--user", "--preserve-credentials"]) + ["--"]
  }

  private static var isRoot: Bool { geteuid() == 0 }

  private static let script = """
    trap '' INT TERM HUP
    ip link set lo up && ip tuntap add \(device) mode tap \
      && ip address add \(hostPrefix) dev \(device) && ip link set \(device) up \
      && ip tuntap add \(secondDevice) mode tap && ip link set \(secondDevice) up || exit 1
    read -r process rest </proc/self/stat
    echo "ready $process"
    read -r nothing
    [ $$ = 1 ] && kill -KILL -1 2>/dev/null
    rm -rf "$1" || { sleep 1; rm -rf "$1"; }
    """

  private static func located(_ name: String) throws -> String {
    guard let path = Paths.executable(name) else {
      throw ToolError("\(name) is not installed", advice: "Run ./martlet doctor.")
    }
    return path
  }

  /// What the shell says until it is ready or has given up.
  private static func greeting(from source: Descriptor) -> String {
    var said: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: said, as: UTF8.self).contains("ready ") || said.last != 10 {
      let count = source.read(into: &buffer)
      guard count > 0 else { break }
      said += buffer[..<count]
    }
    return String(decoding: said, as: UTF8.self)
  }

  public static func quoted(_ word: String) -> String {
    "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
      + "'"
  }
}
