// SPDX-License-Identifier: BSD-3-Clause

import Plan
import ToolSupport

/// The argument vector for QEMU, without the program itself.
struct MachineArguments {
  /// The descriptors that QEMU inherits. Sockets without a name leave nothing behind in a folder
  /// and nobody else can connect to them.
  enum Inherited: Int32, CaseIterable {
    case input = 3
    case output, errors, log
    /// A file with a launch text that is too long for the command line.
    case launchText
  }

  /// Added to the root's size when a plan does not say how much memory it wants. The host gives a
  /// page only when the guest touches it, so this costs nothing; less would stop ordinary programs.
  static let defaultMemory = ByteSize.mebibytes(1024)

  /// For a native image that says nothing.
  static let defaultNativeMemory = ByteSize.mebibytes(64)

  let kernel: String
  let archive: String?
  let name: String
  let memory: ByteSize
  let options: LaunchOptions
  let launchText: LaunchText
  var volumes: [Volume] = []
  var disks: [Disk] = []

  func vector(accelerator: LaunchOptions.Accelerator) -> [String] {
    var words = ["-name", name, "-machine", machine, "-accel", accelerator.rawValue, "-cpu", "max"]
    words += ["-m", "\((memory.bytes + 1023) >> 10)K"]
    words += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    if options.countsInstructions { words += ["-icount", "shift=0,sleep=off"] }
    if let port = options.debuggerPort { words += ["-gdb", "tcp:127.0.0.1:\(port)", "-S"] }
    words += ["-kernel", kernel]
    if let archive { words += ["-initrd", archive] }
    words += ["-append", launchText.commandLine(options: options)]
    if launchText.isTooLong {
      let descriptor = Inherited.launchText.rawValue
      words += ["-fw_cfg", "name=opt/martlet/launch,file=/proc/self/fd/\(descriptor)"]
    }
    words += chardev("log", .log) + ["-serial", "chardev:log"]
    words += ["-global", "virtio-mmio.force-legacy=false"]
    words += options.isNative ? debugConsoles + inputPort : serialPorts
    if let network = options.network {
      words += network.arguments(machine: options.machine, name: name)
    }
    words += SharedFolders.arguments(volumes, machine: options.machine)
    words += Disks.arguments(disks, machine: options.machine)
    words += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    return words
  }

  /// The plan's or the user's memory, else enough for the root and an ordinary program.
  static func memory(plan: Plan, options: LaunchOptions, archiveByteCount: Int) -> ByteSize {
    if let memory = options.memory ?? plan.memory { return memory }
    if plan.kind != .linux { return defaultNativeMemory }
    let mebibyte = 1 << 20
    let archive = (archiveByteCount + mebibyte - 1) / mebibyte * mebibyte
    return ByteSize(bytes: defaultMemory.bytes + UInt64(archive))
  }

  private var machine: String {
    switch options.machine {
    case .microvm: "microvm,acpi=off,pit=off,pic=off,rtc=off,isa-serial=on"
    case .q35: "q35"
    case .pc: "pc"
    }
  }

  /// A native image needs no driver for these.
  private var debugConsoles: [String] {
    chardev("stdout", .output) + ["-device", "isa-debugcon,iobase=0xe9,chardev=stdout"]
      + chardev("stderr", .errors) + ["-device", "isa-debugcon,iobase=0xea,chardev=stderr"]
  }

  /// Standard input of a native image that reads it.
  private var inputPort: [String] {
    options.readsInput ? ["-device", serialBus] + port(1, "stdin", .input) : []
  }

  private var serialPorts: [String] {
    ["-device", serialBus] + port(1, "stdin", .input) + port(2, "stdout", .output)
      + port(3, "stderr", .errors)
  }

  private var serialBus: String {
    EmulatorWords.virtioDevice("serial", on: options.machine) + ",max_ports=4"
  }

  private func chardev(_ id: String, _ end: Inherited) -> [String] {
    ["-chardev", "socket,id=\(id),fd=\(end.rawValue)"]
  }

  private func port(_ number: Int, _ id: String, _ end: Inherited) -> [String] {
    chardev(id, end) + ["-device", "virtserialport,nr=\(number),chardev=\(id),name=\(id)"]
  }
}
