// SPDX-License-Identifier: BSD-3-Clause

import Plan
import Testing
import ToolSupport

@testable import Launch
@testable import QuickStart

@Suite struct LaunchTextTests {
  static let plan = Plan(
    file: "/a/martlet.yaml", directory: "/a", name: "lua", command: ["/usr/bin/lua", "-v"],
    environment: [EnvironmentVariable(name: "TZ", value: "UTC")])

  static func text(_ options: LaunchOptions = LaunchOptions(), plan: Plan = plan) -> LaunchText {
    LaunchText(plan: plan, options: options, input: .pipe, clock: 12, seed: [0, 255])
  }

  @Test func writesTheGrammarOfTheKernel() {
    #expect(
      Self.text().text == "program=/usr/bin/lua arg=/usr/bin/lua arg=-v "
        + "env=PATH%3D/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "
        + "env=HOME%3D/root env=TZ%3DUTC clock=12 log=warning hostname=lua seed=00ff stdin=pipe")
  }

  @Test func encodesEveryOtherByte() {
    for byte in UInt8(1)...127 {
      let text = String(UnicodeScalar(byte))
      let isPlain =
        text.first!.isLetter || text.first!.isNumber || "_-./:,+@".contains(text.first!)
      let digits = String(byte, radix: 16, uppercase: true)
      let escaped = "%" + (digits.count == 1 ? "0" : "") + digits
      #expect(LaunchText.encoded(text) == (isPlain ? text : escaped))
    }
    #expect(LaunchText.encoded("é") == "%C3%A9")
    #expect(LaunchText.encoded("") == "")
  }

  @Test func optionsWinOverThePlan() {
    var options = LaunchOptions()
    options.arguments = ["a b", ""]
    options.environment = [
      EnvironmentVariable(name: "TZ", value: "CET"), EnvironmentVariable(name: "HOME", value: "/"),
    ]
    options.name = "one"
    options.isVerbose = true
    let text = Self.text(options).text
    #expect(text.hasPrefix("program=/usr/bin/lua arg=/usr/bin/lua arg=a%20b arg= env=PATH"))
    #expect(text.contains(" env=TZ%3DCET env=HOME%3D/ clock=12 log=debug hostname=one "))
    #expect(!text.contains("UTC"))
  }

  @Test func aNativeApplicationHasANameAndNoVariablesOfLinux() {
    let plan = Plan(file: "/a/martlet.yaml", directory: "/a", name: "mine", kind: .swift)
    var options = LaunchOptions()
    options.arguments = ["x"]
    #expect(
      Self.text(options, plan: plan).text
        == "program=/ arg=mine arg=x clock=12 log=warning hostname=mine seed=00ff stdin=pipe")
  }

  @Test func longTextsGoBesideTheCommandLine() {
    var options = LaunchOptions()
    options.arguments = [String(repeating: "x", count: LaunchText.commandLineLimit)]
    let text = Self.text(options)
    #expect(text.isTooLong)
    #expect(text.commandLine(options: options) == "launch=fw_cfg log=warning")
    #expect(!Self.text().isTooLong)
  }
}

@Suite struct SharedFoldersTests {
  static let folder = "/tmp"

  private func checked(
    _ texts: [String], machine: LaunchOptions.Machine = .microvm
  ) throws -> [Volume] {
    let volumes = try texts.map { try #require(Volume($0)) }
    return try SharedFolders.checked(
      SharedFolders.resolved(volumes, in: Self.folder), machine: machine, file: "martlet.yaml")
  }

  @Test func outerPlacesComeFirst() throws {
    let volumes = try checked([".:/a/b/c/:ro", "/:/a", "../tmp:/x/../a/b"])
    #expect(volumes.map(\.guest) == ["/a", "/a/b", "/a/b/c"])
    #expect(volumes.map(\.host) == ["/", "/tmp", "/tmp"])
    #expect(volumes.map(\.isReadOnly) == [false, false, true])
  }

  @Test(
    arguments: [
      (["/nonexistent/x:/a"], "does not exist"), (["/etc/passwd:/a"], "is no folder"),
      ([".:/"], "guest's root"), ([".:/a/.."], "guest's root"), ([".:/proc/x"], "/proc"),
      ([".:/a", "/etc:/a/"], "two volumes"), ((0..<7).map { ".:/v\($0)" }, "room for 6"),
    ])
  func mistakesAreTold(texts: [String], part: String) throws {
    let error = try #require(throws: ToolError.self) { try checked(texts) }
    #expect("\(error)".contains(part), "\(error)")
  }

  @Test func tellsQEMUAndTheKernel() throws {
    let volumes = [try #require(Volume("/a,b:/data")), try #require(Volume("/c:/d e:ro"))]
    let words = SharedFolders.arguments(volumes, machine: .microvm).joined(separator: " ")
    #expect(
      words == "-fsdev local,id=volume0,path=/a,,b,security_model=none,multidevs=remap "
        + "-device virtio-9p-device,fsdev=volume0,mount_tag=volume0 "
        + "-fsdev local,id=volume1,path=/c,security_model=none,multidevs=remap,readonly=on "
        + "-device virtio-9p-device,fsdev=volume1,mount_tag=volume1")
    #expect(
      SharedFolders.arguments(volumes, machine: .q35)[3].hasPrefix(
        "virtio-9p-pci,disable-legacy=on,"))
    var plan = LaunchTextTests.plan
    plan.volumes = volumes
    var options = LaunchOptions()
    options.hostOwner = HostOwner(user: 1000, group: 100)
    let text = LaunchTextTests.text(options, plan: plan).text
    #expect(text.hasSuffix(" volume=volume0:/data volume=volume1:/d%20e:ro owner=1000:100"))
  }
}

@Suite struct MachineArgumentsTests {
  func vector(_ change: (inout LaunchOptions) -> Void) -> String {
    var options = LaunchOptions()
    change(&options)
    let arguments = MachineArguments(
      kernel: "/k.elf", archive: "/r.erofs", name: "lua", memory: ByteSize(bytes: 67_108_865),
      options: options, launchText: LaunchTextTests.text(options))
    return arguments.vector(accelerator: .tcg).joined(separator: " ")
  }

  @Test func describesTheMachines() {
    let microvm = vector { _ in }
    #expect(microvm.contains("-machine microvm,acpi=off,pit=off,pic=off,rtc=off,isa-serial=on "))
    #expect(microvm.contains("-m 65537K "))
    #expect(microvm.contains("-kernel /k.elf -initrd /r.erofs -append program="))
    #expect(microvm.contains("-global virtio-mmio.force-legacy=false"))
    #expect(
      microvm.contains("-chardev socket,id=stdin,fd=3 -device virtserialport,nr=1,chardev=stdin"))
    #expect(microvm.contains("isa-debug-exit,iobase=0xf4,iosize=0x04"))
    #expect(!microvm.contains("icount"))
    let q35 = vector { $0.machine = .q35 }
    #expect(q35.contains("-machine q35 "))
    #expect(q35.contains("virtio-serial-pci,disable-legacy=on,max_ports=4"))
    #expect(vector { $0.countsInstructions = true }.contains("-icount shift=0,sleep=off"))
  }

  @Test func attachesTheNetwork() {
    #expect(!vector { _ in }.contains("net"))
    let user = vector {
      $0.network = NetworkOptions(
        ports: [PortMapping("16379:6379")!, PortMapping("0.0.0.0:53:5353/udp")!])
    }
    #expect(
      user.contains(
        "-netdev user,id=net,hostfwd=tcp:127.0.0.1:16379-:6379,hostfwd=udp:0.0.0.0:53-:5353 "
          + "-device virtio-net-device,netdev=net -device isa-debug-exit"))
    let tap = vector {
      $0.machine = .pc
      $0.network = NetworkOptions(backend: .tap("tap0"), capture: "/a,b/c.pcap")
    }
    #expect(tap.contains("-netdev tap,id=net,ifname=tap0,script=no,downscript=no,vnet_hdr=off "))
    #expect(tap.contains(" virtio-net-pci,netdev=net,disable-legacy=on,romfile=,mac=52:54:00:"))
    #expect(tap.contains("-object filter-dump,id=capture,netdev=net,file=/a,,b/c.pcap "))
    #expect(
      !vector { $0.network = NetworkOptions(backend: .tap("tap0")) }.contains("vnet_hdr"),
      "offloads are on without a capture")
    let address = NetworkOptions.hardwareAddress(for: "one")
    #expect(address.count == 17 && address == NetworkOptions.hardwareAddress(for: "one"))
    #expect(address != NetworkOptions.hardwareAddress(for: "two"))
  }

  @Test func attachesSeveralCards() {
    let several = vector {
      $0.network = NetworkOptions(
        backends: [.tap("a"), .user, .tap("b")], ports: [PortMapping("80:80")!])
    }
    let cards = several.components(separatedBy: "-netdev ").dropFirst()
    #expect(cards.count == 3)
    #expect(cards[1].hasPrefix("tap,id=net,ifname=a,"))
    #expect(cards[2].hasPrefix("user,id=net1,hostfwd=tcp:127.0.0.1:80-:80 -device "))
    #expect(cards[3].hasPrefix("tap,id=net2,ifname=b,"))
    let addresses = several.components(separatedBy: ",mac=").dropFirst().map { $0.prefix(17) }
    #expect(addresses.count == 2 && addresses[0] != addresses[1], "stations differ")
    #expect(
      vector { $0.network = NetworkOptions(backend: .tap("a")) }.contains(",mac=\(addresses[0])"),
      "the first card's address is what it is alone")
    #expect(NetworkOptions(backends: [.tap("a"), .user]).addressing == .user)
    #expect(NetworkOptions(backends: [.tap("a"), .tap("b")]).addressing == .init())
  }

  @Test func parsesNetworks() {
    #expect(NetworkOptions.Backend("user") == .user)
    #expect(NetworkOptions.Backend("tap:tap0") == .tap("tap0"))
    let long = "tap:0123456789abcdef"
    for text in ["", "tap", "tap:", "tap:a,b", "tap:a/b", "tap:a b", long, "none"] {
      #expect(NetworkOptions.Backend(text) == nil)
    }
  }

  @Test func explainsWhatQEMUSays() {
    let network = NetworkOptions(ports: [PortMapping("80:80")!, PortMapping("8080:80")!])
    let said = "qemu-system-x86_64: Could not set up host forwarding rule 'tcp:127.0.0.1:8080-:80'"
    #expect(network.explained(said)?.message.contains("port 8080 of 127.0.0.1") == true)
    #expect(network.explained("qemu-system-x86_64: whatever") == nil)
    let tap = NetworkOptions(backend: .tap("t9"))
    #expect(
      tap.explained("could not configure /dev/net/tun (t9): Operation not permitted")?.message
        .contains("'t9'") == true)
  }

  @Test func choosesTheMemory() {
    var options = LaunchOptions()
    var plan = LaunchTextTests.plan
    func memory(_ archive: Int) -> ByteSize {
      MachineArguments.memory(plan: plan, options: options, archiveByteCount: archive)
    }
    #expect(memory(1) == .mebibytes(1025))
    #expect(memory(100 << 20) == .mebibytes(1124))
    plan.memory = .mebibytes(64)
    #expect(memory(100 << 20) == .mebibytes(64))
    options.memory = .mebibytes(32)
    #expect(memory(100 << 20) == .mebibytes(32))
  }

  @Test func countingRulesKVMOut() throws {
    #expect(try LaunchOptions.Accelerator.auto.resolved(countsInstructions: true) == .tcg)
    #expect(throws: ToolError.self) {
      try LaunchOptions.Accelerator.kvm.resolved(countsInstructions: true)
    }
    #expect(try LaunchOptions.Accelerator.tcg.resolved(countsInstructions: false) == .tcg)
  }
}

@Suite struct KernelLogTests {
  @Test(arguments: [
    (
      "E 0001.000002 memory: too little",
      KernelLog.Line.message(.error, stamp: "0001.000002", text: "memory: too little")
    ),
    ("P 0.1 trap: x", .message(.panic, stamp: "0.1", text: "trap: x")),
    ("R shutdown", .wantsShutdownRequest), ("R other", .other("R other")),
    ("X 7", .exit(7)), ("X 255", .exit(255)), ("X 256", .other("X 256")), ("X", .other("X")),
    ("B 0x2000f0", .address(0x2000f0)), ("B 7fff", .address(0x7fff)), ("B zz", .other("B zz")),
    ("SeaBIOS (version 1)", .other("SeaBIOS (version 1)")),
    ("E about time", .other("E about time")),
    ("", .other("")),
  ])
  func readsLines(text: String, line: KernelLog.Line) {
    var log = KernelLog()
    // However the bytes are cut.
    let bytes = Array((text + "\r\n").utf8)
    var lines: [KernelLog.Line] = []
    for byte in bytes { lines += log.receive([byte]) }
    #expect(lines == [line])
    #expect(log.finish() == nil)
  }

  @Test func boundsALineWithoutEnd() {
    var log = KernelLog()
    let bytes = [UInt8](repeating: 65, count: 1 << 20)
    #expect(log.receive(bytes[...]).isEmpty)
    #expect(log.finish() == .other(String(repeating: "A", count: KernelLog.lineLimit)))
  }
}
