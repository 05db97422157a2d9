// SPDX-License-Identifier: BSD-3-Clause

import Base
import VFS

/// `/dev/tty` and `/dev/console`: standard input and output as one file.
final class TerminalNode: Node {
  enum Role {
    /// `/dev/tty`: only there when standard input is a terminal (`tty(4)`).
    case controlling
    case console
  }

  private let system: PseudoFileSystem
  private let console: ConsoleSet
  private let role: Role

  init(_ system: PseudoFileSystem, _ console: ConsoleSet, _ role: Role) {
    self.system = system
    self.console = console
    self.role = role
    super.init(
      number: system.nextNumber(), deviceNumber: system.deviceNumber, kind: .characterDevice,
      permissionBits: role == .controlling ? 0o666 : 0o600)
  }

  override var representedDevice: UInt64 {
    DeviceNumber.encode(major: 5, minor: role == .controlling ? 0 : 1)
  }

  override var statistics: FileSystemStatistics { system.statistics }

  override func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    if role == .controlling && !console.input.isTerminal { throw .noSuchDeviceAddress }
    return StreamFile(node: self, input: console.input, output: console.output, flags: flags)
  }

  override func truncate(to byteCount: Int64) throws(SystemError) {}
}
