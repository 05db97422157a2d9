// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Configuration
import Foundation
import ImageBuild
import Launch
import Plan
import Roots
import ToolSupport

/// `martlet run`: boots a program and behaves as if it were the program.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Boots an application and passes its streams and exit status on.",
    discussion: """
      The program's descriptors 0, 1 and 2 are the command's own, and so is its exit \
      status (128 + n after the fatal signal n). 124: ended by --timeout. 125: the tool or \
      the kernel failed, with a message. What the kernel must tell users comes as \
      `martlet:` lines on standard error; its whole log with --verbose, and always after \
      a panic.

      Examples:
        martlet run sqlite3 -- shop.db "select count(*) from orders"
        echo "select 1+1;" | martlet run sqlite3
        martlet run --memory 1G python3 -- script.py
      """)

  @OptionGroup var application: ApplicationArgument

  @Option(
    help: "The guest's memory, such as 64MiB or 1G (default: the plan's, else its files + 1 GiB)."
  )
  var memory: ByteSize?

  @Option(help: "How instructions are executed: auto, kvm or tcg.")
  var accel: LaunchOptions.Accelerator = .auto

  @Option(help: "The QEMU machine: microvm, q35 or pc.")
  var machine: LaunchOptions.Machine = .microvm

  @Option(
    name: .customShort("p"),
    help: .init(
      "Leads a host port to the guest: [ADDRESS:]HOST:GUEST[/tcp|/udp].", valueName: "HOST:GUEST"))
  var ports: [PortMapping] = []

  @Option(
    name: .customShort("v"),
    help: .init("Shows a host folder to the guest.", valueName: "HOSTDIR:/GUEST[:ro]"))
  var volumes: [Volume] = []

  @Option(
    help: .init("Gives a Swift application a disk: a file of raw blocks.", valueName: "FILE[:ro]"))
  var disk: [Disk] = []

  @Option(name: .customShort("e"), help: .init("Sets an environment variable.", valueName: "K=V"))
  var environment: [EnvironmentVariable] = []

  @Option(
    help: .init(
      "The guest's network card: user (the default), or tap:NAME of a tap device; repeated.",
      valueName: "user|tap:NAME"))
  var net: [NetworkOptions.Backend] = []

  @Option(
    help: .init(
      "An address of the guest, e.g. 10.0.0.2/24; by default QEMU's network or DHCP gives one.",
      valueName: "ADDRESS/LENGTH"))
  var ip: [NetworkPrefix] = []

  @Option(help: .init("The router to the world, with --ip.", valueName: "ADDRESS"))
  var gateway: [NetworkAddress] = []

  @Option(help: .init("A name server, with --ip.", valueName: "ADDRESS"))
  var dns: [NetworkAddress] = []

  @Option(help: .init("Writes every packet to a pcap file.", valueName: "FILE"))
  var capture: String?

  @Option(help: "The instance's name and the guest's host name (default: the plan's name).")
  var name: String?

  @Option(help: "Where it runs: image (a virtual machine), or host (an ordinary process).")
  var on: RunPlace = .image

  @Flag(help: "Runs in the background with the output in a folder; prints how to stop it.")
  var detach = false

  @Option(help: .init("Ends the guest after this time, with status 124.", valueName: "SECONDS"))
  var timeout: Double?

  @Flag(help: "Counts instructions: one is one nanosecond of guest time, and counts repeat.")
  var icount = false

  @Flag(help: "Tells on standard error what each phase of the boot took, in instructions.")
  var bootTrace = false

  @Option(
    help: .init(
      "Waits at the first instruction for gdb at this port of 127.0.0.1.", valueName: "PORT"))
  var gdb: UInt16?

  @Flag(help: "Shows the kernel's log and what the tool does.")
  var verbose = false

  @Argument(
    parsing: .postTerminator,
    help: .init("Replaces the arguments after the program's path.", valueName: "ARG"))
  var arguments: [String] = []

  func validate() throws {
    if let timeout, !(timeout > 0 && timeout <= 1e9) {
      throw ValidationError("--timeout takes a positive number of seconds")
    }
    if gdb == 0 { throw ValidationError("--gdb takes a port from 1 to 65535") }
    if gdb != nil, on == .host {
      throw ValidationError("--gdb is for images; on the host start the program in gdb")
    }
    if let memory, memory < .mebibytes(1) {
      throw ValidationError("--memory must be at least 1 MiB")
    }
    if let name, name.isEmpty || name.contains(where: { $0 == "/" || $0 == "," || $0.isWhitespace })
    {
      throw ValidationError("--name takes a word without '/' and ','")
    }
  }

  func run() async throws {
    Log.bootstrap(isVerbose: verbose)
    var plan = try application.plan()
    // The state of what is read must be older than the reading.
    // A debugger's port is told about each time, so such a start is never a quick one.
    var inputs =
      gdb == nil ? StartInputs.ifWanted(application: application.app, plan: plan) : nil
    if inputs != nil { plan = try application.plan() }
    try addDevices(to: &plan)
    if on == .host {
      try await HostProcess.run(plan, options: launchOptions(), progress: ToolSupport.Progress())
    }
    plan.ports += ports
    var options = launchOptions()
    if !plan.volumes.isEmpty { options.hostOwner = .current }
    options.network = try await network(of: plan)
    // Mistakes that need no build are told before one.
    _ = try options.accelerator.resolved(countsInstructions: options.countsInstructions)
    let progress = ToolSupport.Progress()
    let kernel = try await KernelBuilder.kernel(
      for: plan, placement: options.placement(for: plan), progress: progress)
    let archive =
      plan.hasArchive ? try await RootBuilder.archive(for: plan, progress: progress) : nil
    let launcher = Launcher(
      kernel: kernel.path, symbols: kernel.symbolPath, archive: archive?.path, plan: plan,
      options: options)
    let words = try launcher.commandLine().joined(separator: " ")
    Log.tool.debug("\(words)")
    if detach {
      let instance = try DetachedInstance.start(name: options.name ?? plan.name)
      print(instance)
      return
    }
    if let gdb {
      StandardError.say("waiting for a debugger; in another terminal:")
      StandardError.write(
        "  gdb -ex 'target remote 127.0.0.1:\(gdb)' -ex 'hbreak \(mainSymbol(of: plan))' -ex continue "
          + "\(kernel.symbolPath)\n")
    }
    if inputs != nil, let start = try launcher.quickStart() {
      inputs?.addReplaced(kernel.path)
      inputs?.addReplaced(kernel.path + ".stamp")
      for path in [try Toolchain.swift(), start.emulator] { inputs?.add(path) }
      inputs?.write(start)
    }
    let result = try await launcher.run()
    if bootTrace { for line in result.bootTrace.table { StandardError.write(line + "\n") } }
    throw ExitCode(result.status)
  }

  private func launchOptions() -> LaunchOptions {
    var options = LaunchOptions()
    options.accelerator = accel
    options.machine = machine
    options.memory = memory
    // `--` alone means: no arguments.
    if CommandLine.arguments.contains("--") { options.arguments = arguments }
    options.environment = environment
    options.countsInstructions = icount || bootTrace
    options.tracesBoot = bootTrace
    options.debuggerPort = gdb
    options.timeout = timeout.map { .milliseconds(Int64($0 * 1000)) }
    options.isVerbose = verbose
    options.name = name
    return options
  }

  /// The first function of an image behind its boot code: where names have their addresses.
  private func mainSymbol(of plan: Plan) -> String {
    plan.kind == .swift ? "martlet_native_main" : "main"
  }

  /// The card of an image with the network's libraries; asking for one without them is an error.
  private func network(of plan: Plan) async throws -> NetworkOptions? {
    guard try await Resolver.resolve(plan).isOn("VIRTIO_NET") else {
      guard plan.ports.isEmpty, net.isEmpty || net == [.user], capture == nil else {
        throw ToolError(
          "the image of \(plan.name) has no network", at: plan.file,
          advice:
            "Its configuration says VIRTIO_NET=n: take that out, or leave out -p, --net, --capture "
            + "and 'ports'.")
      }
      return nil
    }
    if ip.isEmpty, !gateway.isEmpty || !dns.isEmpty {
      throw ToolError(
        "--gateway and --dns say nothing without --ip", advice: "Add --ip ADDRESS/LENGTH.")
    }
    let cards = net.isEmpty ? [.user] : net
    try check(cards, plan)
    let path = capture.map { Paths.absolute($0) }
    if let path, !FileManager.default.createFile(atPath: path, contents: nil) {
      throw ToolError("cannot write the capture", at: path, advice: "Choose another --capture.")
    }
    let addressing =
      ip.isEmpty
      ? nil
      : NetworkOptions.Addressing(
        addresses: ip.map(\.text), gateways: gateway.map(\.text), nameServers: dns.map(\.text))
    return NetworkOptions(
      backends: cards, addressing: addressing, ports: plan.ports, capture: path)
  }

  /// Says which cards cannot be together, or are not there.
  private func check(_ cards: [NetworkOptions.Backend], _ plan: Plan) throws {
    guard cards.count <= NetworkOptions.cardLimit else {
      throw ToolError(
        "a guest has \(NetworkOptions.cardLimit) network cards at most",
        advice: "Leave out a --net.")
    }
    for (index, card) in cards.enumerated() where cards[..<index].contains(card) {
      throw ToolError(
        "two network cards lead to the same place",
        advice: "Give each --net another tap device, and 'user' once.")
    }
    if capture != nil, cards.count > 1 {
      throw ToolError(
        "--capture is for a guest with one network card",
        advice: "Watch the tap devices instead: tcpdump -i NAME -w FILE.")
    }
    if !cards.contains(.user), !plan.ports.isEmpty {
      throw ToolError(
        "ports lead to the guest only through QEMU's own network", at: plan.file,
        advice: "With --net tap:NAME reach the guest by its own address; leave out -p and 'ports'.")
    }
    // QEMU, when root, would make a device that leads nowhere.
    for case .tap(let device) in cards where if_nametoindex(device) == 0 {
      throw ToolError(
        "there is no network device '\(device)'",
        advice: "Make it: ip tuntap add \(device) mode tap user $USER; ip link set \(device) up.")
    }
  }

  /// The plan's volumes and disks begin at its folder, those of the command line at the working
  /// directory.
  private func addDevices(to plan: inout Plan) throws {
    let here = FileManager.default.currentDirectoryPath
    let all =
      SharedFolders.resolved(plan.volumes, in: plan.directory)
      + SharedFolders.resolved(volumes, in: here)
    plan.volumes = try SharedFolders.checked(all, machine: machine, file: plan.file)
    plan.disks =
      Disks.resolved(plan.disks, in: plan.directory) + Disks.resolved(disk, in: here)
    try Disks.check(
      plan.disks, of: plan, volumeCount: plan.volumes.count, machine: machine)
    plan.needLibrariesOfDevices()
  }
}
