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
      "The guest's network: user, or tap:NAME of a tap device.", valueName: "user|tap:NAME"))
  var net: NetworkOptions.Backend = .user

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
    // Other machines' firmware clears the low memory.
    let kernel = try await KernelBuilder.kernel(
      for: plan, placement: machine == .microvm ? .low : .anywhere, progress: progress)
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
    options.timeout = timeout.map { .milliseconds(Int64($0 * 1000)) }
    options.isVerbose = verbose
    options.name = name
    return options
  }

  /// The card of an image with the network's libraries; asking for one without them is an error.
  private func network(of plan: Plan) async throws -> NetworkOptions? {
    guard try await Resolver.resolve(plan).isOn("VIRTIO_NET") else {
      guard plan.ports.isEmpty, net == .user, capture == nil else {
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
    if net != .user, !plan.ports.isEmpty {
      throw ToolError(
        "ports lead to the guest only through QEMU's own network", at: plan.file,
        advice: "With --net tap:NAME reach the guest by its own address; leave out -p and 'ports'.")
    }
    // QEMU, when root, would make a device that leads nowhere.
    if case .tap(let device) = net, if_nametoindex(device) == 0 {
      throw ToolError(
        "there is no network device '\(device)'",
        advice: "Make it: ip tuntap add \(device) mode tap user $USER; ip link set \(device) up.")
    }
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
      backend: net, addressing: addressing, ports: plan.ports, capture: path)
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
