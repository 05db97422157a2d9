// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Testing
import VFS

@testable import ProcFS

@Suite struct ProcTests {
  private let information = TestInformation()
  private let root: Node

  init() {
    root = ProcFS.makeRoot(information)
    root.parent = root
  }

  @Test func findsTheProcessByItsNumberAlone() throws {
    #expect(try root.find("1").isDirectory)
    #expect(throws: SystemError.noSuchFile) { try root.find("2") }
    #expect(throws: SystemError.noSuchFile) { try root.find("01") }
    #expect(throws: SystemError.noSuchFile) { try root.find("4294967297") }
    #expect(try root.find("self").readLink() == text("1"))
    #expect(try root.find("thread-self").readLink() == text("1/task/1"))
  }

  @Test func listsEachNameOnceAndFindsIt() throws {
    func check(_ directory: Node, depth: Int) throws {
      let names = try directory.names()
      #expect(Set(names).count == names.count)
      for name in names {
        let node = try directory.find(name)
        #expect(node.lastName == text(name))
        if let file = node as? GeneratedNode { _ = try file.generate() }
        if node.isDirectory && depth < 8 { try check(node, depth: depth + 1) }
      }
    }
    try check(root, depth: 0)
    try check(SysFS.makeRoot(information), depth: 0)
    #expect(try root.names().contains("1"))
  }

  @Test func givesTheSameNodeForAFixedName() throws {
    #expect(try root.find("1/maps") === root.find("1/maps"))
    #expect(try root.find("1/maps").absolutePath == text("/1/maps"))
  }

  // MARK: Memory

  @Test func writesMapsInLinuxsColumns() throws {
    let space = information.addressSpace
    let source = NamedSource()
    var file = MapRequest(byteCount: 0x3000, permissions: .readExecute)
    file.placement = .fixed(VirtualAddress(0x40_0000))
    file.content = .source(source, firstPage: 2)
    _ = try space.map(file)
    var heap = MapRequest(byteCount: 0x1000, permissions: .readWrite)
    heap.placement = .fixed(VirtualAddress(0x5555_5555_5000))
    heap.label = .heap
    _ = try space.map(heap)
    var plain = MapRequest(byteCount: 0x2000, permissions: .none)
    plain.placement = .fixed(VirtualAddress(0x5555_5556_0000))
    _ = try space.map(plain)
    let pad = String(repeating: " ", count: 25)
    #expect(
      try root.contents("1/maps") == """
        00400000-00403000 r-xp 00002000 fe:100 254163 \("" + String(repeating: " ", count: 73 - 46))/bin/a\\012b
        555555555000-555555556000 rw-p 00000000 00:00 0 \(pad)[heap]
        555555560000-555555562000 ---p 00000000 00:00 0 \n
        """)
  }

  @Test func countsPagesThatAreThere() throws {
    let space = information.addressSpace
    let start = try space.map(MapRequest(byteCount: 0x8000, permissions: .readWrite))
    #expect(space.resolveFault(at: start, .write) == .resolved)
    #expect(space.resolveFault(at: start + 0x3000, .write) == .resolved)
    let smaps = try root.contents("1/smaps")
    #expect(smaps.contains("\nSize:                 32 kB\n"))
    #expect(smaps.contains("\nRss:                   8 kB\n"))
    #expect(smaps.contains("\nAnonymous:             8 kB\n"))
    #expect(smaps.contains("\nKernelPageSize:        4 kB\n"))
    #expect(try root.contents("1/statm") == "8 2 0 0 0 8 0\n")
    let status = try root.contents("1/status")
    #expect(status.contains("\nVmSize:\t      32 kB\n"))
    #expect(status.contains("\nVmRSS:\t       8 kB\n"))
    #expect(try root.contents("meminfo").hasPrefix("MemTotal:           1024 kB\nMemFree: "))
  }

  // MARK: Threads

  @Test func tells52FieldsOfAThread() throws {
    information.threads[0].name = text("a) b")
    information.threads[0].niceness = 5
    information.process.processorTime = Nanoseconds(seconds: 2)
    information.process.startedAt = Instant(nanoseconds: 30_000_000)
    information.process.caughtSignals = 1 << 33 | 1 << 14
    let line = try root.contents("1/stat")
    #expect(line.hasPrefix("1 (a) b) R 0 1 1 0 -1 "))
    #expect(line.hasSuffix("\n"))
    let rest = line.dropFirst("1 (a) b) ".count).split(whereSeparator: { $0 == " " || $0 == "\n" })
    #expect(rest.count == 50)
    func field(_ number: Int) -> Substring { rest[number - 3] }
    #expect(field(14) == "200")
    #expect(field(18) == "25")
    #expect(field(19) == "5")
    #expect(field(20) == "1")
    #expect(field(22) == "3")
    #expect(field(25) == "18446744073709551615")
    #expect(field(34) == "16384")
    #expect(field(38) == "17")
  }

  @Test func followsThreadsAsTheyComeAndGo() throws {
    var second = ThreadInformation(identifier: 12)
    second.name = text("worker")
    second.state = .sleeping
    second.blockedSignals = 0x10
    information.threads.append(second)
    let tasks = try root.find("1/task")
    #expect(try tasks.names() == ["1", "12"])
    #expect(try root.contents("1/task/12/comm") == "worker\n")
    #expect(try root.contents("12/status").contains("\nPid:\t12\n"))
    let status = try root.contents("1/task/12/status")
    #expect(status.contains("\nState:\tS (sleeping)\n"))
    #expect(status.contains("\nTgid:\t1\n"))
    #expect(status.contains("\nSigBlk:\t0000000000000010\n"))
    let name = try #require(try root.find("1/task/12/comm") as? GeneratedNode)
    try name.accept(text("a-name-of-eighteen\n"))
    #expect(information.threads[1].name == text("a-name-of-eight"))
    information.threads.removeLast()
    #expect(throws: SystemError.noSuchFile) { try root.find("1/task/12") }
    #expect(throws: SystemError.noSuchProcess) { try name.generate() }
    #expect(throws: SystemError.noSuchProcess) { try name.accept(text("late")) }
  }

  // MARK: Descriptors

  @Test func linksDescriptorsToTheirNodes() throws {
    let node = Node(number: 77, deviceNumber: 9, kind: .fifo, permissionBits: 0o600)
    let pipe = OpenFile(node: node, flags: [.writeOnly, .nonBlocking])
    pipe.position = 12
    let plain = OpenFile(node: information.rootDirectory, flags: [])
    plain.path = text("/data/file")
    let nameless = OpenFile(node: AnonymousNode.shared, flags: .readWrite)
    information.files = [5: pipe, 3: plain, 40: nameless]
    let directory = try root.find("1/fd")
    #expect(try directory.names() == ["3", "5", "40"])
    let link = try directory.find("5")
    #expect(link.isSymbolicLink)
    #expect(link.permissionBits == 0o300)
    #expect(try link.followLink() === node)
    #expect(try link.readLink() == text("pipe:[77]"))
    #expect(try directory.find("3").readLink() == text("/data/file"))
    #expect(try directory.find("40").readLink() == text("anon_inode:[file]"))
    #expect(try root.contents("1/fdinfo/5") == "pos:\t12\nflags:\t02004001\nmnt_id:\t1\nino:\t77\n")
    node.isRemoved = true
    information.files[5] = nil
    #expect(throws: SystemError.noSuchFile) { try link.followLink() }
    #expect(throws: SystemError.noSuchFile) { try directory.find("5") }
    information.rootDirectory.isRemoved = true
    #expect(try directory.find("3").readLink() == text("/data/file (deleted)"))
  }

  @Test func leadsToTheProgramAndItsDirectories() throws {
    #expect(throws: SystemError.noSuchFile) { try root.find("1/exe").followLink() }
    let program = Node(number: 5, deviceNumber: 9, kind: .regular, permissionBits: 0o755)
    information.executable = program
    #expect(try root.find("1/exe").followLink() === program)
    #expect(try root.find("1/exe").readLink() == text("/bin/program"))
    #expect(try root.find("1/cwd").readLink() == text("/"))
    #expect(try root.find("1/cwd").followLink() === information.rootDirectory)
    #expect(try root.contents("1/cmdline") == "program\0-x\0")
    #expect(try root.contents("1/environ") == "A=1\0")
  }

  // MARK: Tables

  @Test func alignsTheColumnsOfLimits() throws {
    let lines = try root.contents("1/limits").split(separator: "\n")
    #expect(lines.count == 17)
    #expect(lines.allSatisfy { $0.utf8.count == 78 })
    #expect(
      lines[8] == "Max open files            1024                 1048576              files     ")
    #expect(
      lines[13] == "Max msgqueue size         unlimited            unlimited            bytes     ")
  }

  @Test func escapesBlanksInMountPoints() throws {
    information.mounts = [
      MountInformation(
        identifier: 21, parentIdentifier: 1, deviceNumber: 0xfe05, path: text("/a b\\"),
        type: "tmpfs", source: text("none"))
    ]
    #expect(
      try root.contents("1/mounts") == "none /a\\040b\\134 tmpfs rw,relatime 0 0\n")
    #expect(
      try root.contents("1/mountinfo")
        == "21 1 254:5 / /a\\040b\\134 rw,relatime - tmpfs none rw\n")
  }

  // MARK: Settings

  @Test func keepsSettingsThatAreWritten() throws {
    let path = "sys/net/core/somaxconn"
    #expect(try root.contents(path) == "4096\n")
    let file = try #require(try root.find(path) as? GeneratedNode)
    try file.accept(text("511\n"))
    #expect(try root.contents(path) == "511\n")
    #expect(throws: SystemError.invalidArgument) { try file.accept(text("many")) }
    let score = try #require(try root.find("1/oom_score_adj") as? GeneratedNode)
    try score.accept(text("-1000"))
    #expect(throws: SystemError.invalidArgument) { try score.accept(text("-1001")) }
    #expect(try root.contents("1/oom_score_adj") == "-1000\n")
    let name = try #require(try root.find("sys/kernel/hostname") as? GeneratedNode)
    try name.accept(text("other\n"))
    #expect(information.hostName == text("other"))
    let constant = try #require(try root.find("version") as? GeneratedNode)
    #expect(throws: SystemError.inputOutput) { try constant.accept(text("x")) }
  }

  @Test func makesUniqueIdentifiersOfVersion4() throws {
    let first = try root.contents("sys/kernel/random/uuid")
    let second = try root.contents("sys/kernel/random/uuid")
    #expect(first != second)
    for identifier in [first, second] {
      #expect(identifier.count == 37)
      #expect(identifier.split(separator: "-").map(\.count) == [8, 4, 4, 4, 13])
      #expect(Array(identifier)[14] == "4")
      #expect("89ab".contains(Array(identifier)[19]))
    }
    let boot = try root.contents("sys/kernel/random/boot_id")
    #expect(try root.contents("sys/kernel/random/boot_id") == boot)
  }

  @Test func tellsIdleTimeInHundredths() throws {
    let words = try root.contents("uptime").split(separator: " ")
    #expect(words.last == "1.23\n")
  }

  @Test func tellsTheProcessorsName() throws {
    information.machine.vendor = text("GenuineIntel")
    information.machine.kilohertz = 2_596_138
    information.machine.featureNames = text("fpu sse2 ")
    let lines = try root.contents("cpuinfo").split(separator: "\n")
    #expect(lines.contains("vendor_id\t: GenuineIntel"))
    #expect(lines.contains("cpu MHz\t\t: 2596.138"))
    #expect(lines.contains("bogomips\t: 5192.27"))
    #expect(lines.contains("flags\t\t: fpu sse2"))
  }
}

@Suite struct ProcFeaturesTests {
  @Test func namesTheBitsThatAreSet() {
    var features = ProcessorFeatures()
    #expect(features.names.isEmpty)
    features.leaf1EDX = 1 << 26 | 1 << 10 | 1
    features.leaf1ECX = 1 << 31 | 1 << 28 | 1
    features.extendedEDX = 1 << 29 | 1 << 20 | 1
    features.extendedECX = 1
    features.leaf7EBX = 1 << 31 | 1 << 5 | 1
    features.leaf7ECX = 1 << 22
    features.leaf7EDX = 1 << 29 | 1 << 14
    features.leafDEAX = 1 << 3
    #expect(
      String(decoding: features.names, as: UTF8.self)
        == "fpu sse2 nx lm pni avx hypervisor lahf_lm fsgsbase avx2 avx512vl xsaves rdpid "
        + "serialize arch_capabilities ")
  }
}

@Suite struct ProcSysTests {
  @Test(arguments: [
    ("devices/system/cpu/online", "0\n"), ("devices/system/cpu/cpu0/topology/core_id", "0\n"),
    ("kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152\n"),
    ("kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n"),
    ("devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"),
    ("devices/system/node/online", "0\n"),
  ])
  func tellsOfOneProcessor(path: String, expected: String) throws {
    let root = SysFS.makeRoot(TestInformation())
    #expect(try root.contents(path) == expected)
    #expect(try root.find(path).byteCount == 4096)
    #expect(try root.find("kernel/mm/hugepages").names() == [])
    #expect(try root.find("fs/cgroup").names() == [])
  }
}

/// A source with a name, for maps.
private final class NamedSource: PageSource {
  override var byteCount: Int { 1 << 20 }
  override var deviceNumber: UInt64 { 0x10_fe00 }
  override var inodeNumber: UInt64 { 254163 }
  override var path: [UInt8] { text("/bin/a\nb") }
}
