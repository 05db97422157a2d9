// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Memory
import Testing
import VFS
import Virtio9P

@testable import NineP

/// A volume at `/v`, served by the test.
struct VolumeFixture {
  let files: FileFixture
  let server: SimulatedNinePServer
  let system: NinePFileSystem
  let path: String

  static func run(
    isReadOnly: Bool = false, nodeLimit: Int = 64, _ body: (VolumeFixture) throws -> Void
  ) throws {
    try FileFixture.run(frameCount: 512) { files throws in
      try body(
        VolumeFixture(files, at: "/deep/v", isReadOnly: isReadOnly, nodeLimit: nodeLimit))
    }
  }

  init(
    _ files: FileFixture, at path: String, isReadOnly: Bool = false, nodeLimit: Int = 64
  ) throws {
    self.files = files
    self.path = path
    server = SimulatedNinePServer()
    system = try NinePFileSystem(
      server, frames: files.frames, deviceNumber: 0x30, isReadOnly: isReadOnly,
      ownership: .init(user: 1000, group: 1001), nodeLimit: nodeLimit)
    try files.namespace.mountVolume(
      system.root, at: Array(path.utf8), source: Array("tag".utf8))
  }

  @discardableResult
  func put(_ name: String, _ text: String = "") -> SimulatedNinePServer.File {
    let file = SimulatedNinePServer.File(0o100000, 0o644, data: Array(text.utf8))
    server.root.children.append((name, file))
    return file
  }

  func open(_ path: String, _ flags: OpenFlags = .readWrite) throws -> OpenFile {
    try node(path).open(flags)
  }

  func node(_ path: String) throws -> Node { try files.lookup(self.path + "/" + path) }

  func text(_ file: OpenFile, _ count: Int = 100, at offset: Int64 = 0) throws -> String {
    String(decoding: try files.read(file, count, at: offset), as: UTF8.self)
  }

  func make(_ name: String, _ kind: FileKind = .regular) throws -> Node {
    let name = Array(name.utf8)
    return try system.root.make(
      RawSpan(_elements: name.span), kind, permissionBits: 0o640, device: 0)
  }

  func remove(_ name: String, directory: Bool = false) throws {
    try remove(Array(name.utf8), directory: directory)
  }

  func remove(_ name: [UInt8], directory: Bool = false) throws {
    try system.root.remove(RawSpan(_elements: name.span), directory: directory)
  }

  func rename(
    _ name: String, _ newName: String, _ mode: RenameMode = .replace, to target: Node? = nil
  ) throws {
    let (old, new) = (Array(name.utf8), Array(newName.utf8))
    try system.root.rename(
      RawSpan(_elements: old.span), to: target ?? system.root, RawSpan(_elements: new.span), mode)
  }

  func link(_ name: String, to target: String) throws {
    let (name, target) = (Array(name.utf8), Array(target.utf8))
    _ = try system.root.makeLink(RawSpan(_elements: name.span), to: RawSpan(_elements: target.span))
  }

  func link(_ name: String, _ node: Node) throws {
    let name = Array(name.utf8)
    try system.root.link(RawSpan(_elements: name.span), node)
  }
}

@Suite struct NinePTests {
  @Test func filesAreTheServers() throws {
    try VolumeFixture.run { volume throws in
      let file = volume.put("a", "hello")
      let node = try volume.node("a")
      #expect(node.byteCount == 5 && node.kind == .regular && node.permissionBits == 0o644)
      #expect(node.owner == 0 && node.group == 0, "the host's user is the guest's root")
      file.owner = 33
      try node.refresh()
      #expect(node.owner == 0, "what a look-up fetched serves once")
      try node.refresh()
      #expect(node.owner == 33)
      let open = try volume.open("a")
      #expect(try volume.text(open) == "hello")
      try volume.files.write(open, Array(" world".utf8), at: 5)
      #expect(String(decoding: file.data, as: UTF8.self) == "hello world")
      #expect(try volume.node("a") === node, "a file has one node")
      #expect(volume.server.exchangesOut == 0, "an exchange was kept")
    }
  }

  @Test func mountPointIsMadeAndTold() throws {
    try VolumeFixture.run { volume throws in
      let volumes = volume.files.namespace.volumes
      #expect(volumes.count == 1)
      #expect(volumes[0].path == Array("/deep/v".utf8) && volumes[0].source == Array("tag".utf8))
      #expect(try volume.files.lookup("/deep/v/..") === volume.files.lookup("/deep"))
      #expect(try volume.files.lookup("/deep/v/../../deep/v") === volume.system.root)
    }
  }

  @Test func makesAndRemoves() throws {
    try VolumeFixture.run { volume throws in
      let node = try volume.make("new")
      let file = try #require(volume.server.root["new"])
      #expect(file.mode == 0o640)
      let open = try node.open(.readWrite)
      #expect(volume.server.requests.suffix(1) != [12], "the handle that made it serves the open")
      try volume.files.write(open, [1, 2, 3])
      #expect(file.data == [1, 2, 3])
      #expect(throws: SystemError.fileExists) { try volume.make("new") }
      _ = try volume.make("d", .directory)
      #expect(volume.server.root["d"]?.isDirectory == true)
      #expect(throws: SystemError.isDirectory) { try volume.remove("d") }
      try volume.remove("d", directory: true)
      try volume.remove("new")
      #expect(volume.server.root.children.isEmpty)
      #expect(throws: SystemError.noSuchFile) { try volume.node("new") }
    }
  }

  @Test func filesOutliveTheirNames() throws {
    try VolumeFixture.run { volume throws in
      let old = volume.put("a", "old contents")
      let open = try volume.open("a")
      try volume.remove("a")
      #expect(open.node.isRemoved && open.node.linkCount == 0)
      volume.put("a", "another")
      #expect(try volume.text(open) == "old contents")
      try open.node.refresh()
      #expect(open.node.byteCount == 12, "attributes of a namesake were taken")
      try open.node.truncate(to: 3)
      #expect(try volume.text(open) == "old")
      try open.node.truncate(to: 6)
      #expect(try volume.text(open) == "old\0\0\0")
      try volume.files.write(open, Array("!".utf8), at: 8)
      #expect(try volume.text(open) == "old\0\0\0\0\0!")
      #expect(old.data.count == 12)
      #expect(try volume.text(volume.open("a")) == "another")
    }
  }

  @Test func renameReplaces() throws {
    try VolumeFixture.run { volume throws in
      volume.put("a", "from a")
      volume.put("b", "from b")
      let open = try volume.open("b")
      let node = try volume.node("a")
      #expect(throws: SystemError.fileExists) { try volume.rename("a", "b", .keep) }
      #expect(throws: SystemError.invalidArgument) { try volume.rename("a", "b", .exchange) }
      try volume.rename("a", "b")
      #expect(try volume.node("b") === node)
      #expect(open.node.isRemoved)
      #expect(try volume.text(open) == "from b")
      #expect(try volume.text(volume.open("b")) == "from a")
      #expect(throws: SystemError.crossDevice) {
        try volume.rename("b", "b", to: volume.files.namespace.root)
      }
    }
  }

  @Test func listsLargeDirectoriesInPieces() throws {
    try VolumeFixture.run { volume throws in
      let names = (0..<500).map { "file-\($0)" }
      for name in names { volume.put(name) }
      let open = try #require(try volume.system.root.open([]) as? OpenDirectory)
      var found: [String] = []
      var middle: Int64 = 0
      while let entry = try open.nextEntry() {
        found.append(String(decoding: entry.name, as: UTF8.self))
        open.position = Int64(entry.next)
        if found.count == 250 { middle = open.position }
      }
      #expect(found == [".", ".."] + names)
      open.position = middle
      let again = try #require(try open.nextEntry())
      #expect(String(decoding: again.name, as: UTF8.self) == found[250])
      open.position = 0
      #expect(try open.nextEntry()?.name == [0x2e])
    }
  }

  @Test func removingWhileListingMissesNothing() throws {
    try VolumeFixture.run { volume throws in
      volume.server.listingLimit = 1000
      for number in 0..<100 { volume.put("n\(number)") }
      let open = try #require(try volume.system.root.open([]) as? OpenDirectory)
      open.position = 2
      while let entry = try open.nextEntry() {
        open.position = Int64(entry.next)
        try volume.remove(entry.name)
      }
      #expect(volume.server.root.children.isEmpty)
    }
  }

  @Test func seesWhatTheHostChanged() throws {
    try VolumeFixture.run { volume throws in
      let file = volume.put("a", "one")
      #expect(try volume.text(volume.open("a")) == "one")
      file.data = Array("longer".utf8)
      file.modified += 1
      let open = try volume.open("a")
      #expect(open.node.byteCount == 6)
      #expect(try volume.text(open) == "longer")
      volume.server.root.children = []
      try open.node.refresh()
      #expect(open.node.isRemoved)
      #expect(try volume.text(open) == "longer")
    }
  }

  @Test func smallReadsInOrderAreFew() throws {
    try VolumeFixture.run { volume throws in
      let text = String(repeating: "0123456789", count: 2000)
      volume.put("a", text)
      let open = try volume.open("a")
      volume.server.requests = []
      var all = ""
      while true {
        let piece = try volume.files.read(open, 100)
        if piece.isEmpty { break }
        all += String(decoding: piece, as: UTF8.self)
      }
      #expect(all == text)
      #expect(volume.server.requests.filter { $0 == 116 }.count <= 4)
      // What this kernel writes is seen at once, ahead or not.
      let reader = try volume.open("a")
      _ = try volume.files.read(reader, 10)
      try volume.files.write(open, Array("X".utf8), at: 10)
      #expect(try volume.files.read(reader, 1) == Array("X".utf8))
    }
  }

  @Test func appends() throws {
    try VolumeFixture.run { volume throws in
      let file = volume.put("log", "a")
      let open = try volume.open("log", [.readWrite, .append])
      try volume.files.write(open, Array("b".utf8))
      try volume.files.write(open, Array("c".utf8), at: 0)
      #expect(file.data == Array("abc".utf8))
      open.flags.remove(.append)
      try volume.files.write(open, Array("X".utf8), at: 0)
      #expect(file.data == Array("Xbc".utf8))
    }
  }

  @Test func synchronizes() throws {
    try VolumeFixture.run { volume throws in
      let file = volume.put("a", "x")
      let open = try volume.open("a")
      try open.synchronize()
      try open.synchronizeContents()
      #expect(volume.server.synchronized.map(\.1) == [0, 1])
      #expect(volume.server.synchronized.allSatisfy { $0.0 === file })
      let directory = try volume.system.root.open([])
      try directory.synchronize()
      #expect(volume.server.synchronized.last?.0 === volume.server.root)
    }
  }

  @Test func readOnlyVolumesRefuse() throws {
    try VolumeFixture.run(isReadOnly: true) { volume throws in
      volume.put("a", "x")
      let node = try volume.node("a")
      #expect(try volume.text(volume.open("a", [])) == "x")
      let refused = SystemError.readOnlyFileSystem
      #expect(throws: refused) { try volume.open("a", .writeOnly) }
      #expect(throws: refused) { try volume.make("b") }
      #expect(throws: refused) { try volume.remove("a") }
      #expect(throws: refused) { try volume.rename("a", "b") }
      #expect(throws: refused) { try node.truncate(to: 0) }
      #expect(throws: refused) { try node.change(AttributeChange()) }
      #expect(node.isReadOnly && node.statistics.isReadOnly)
      #expect(volume.server.root.children.count == 1)
    }
  }

  @Test func attributesChange() throws {
    try VolumeFixture.run { volume throws in
      let file = volume.put("a")
      let node = try volume.node("a")
      var change = AttributeChange()
      change.permissionBits = 0o600
      change.owner = 0
      change.group = 7
      change.modified = 5_000_000_000
      try node.change(change)
      #expect(file.mode == 0o600 && file.owner == 1000 && file.group == 7 && file.modified == 5)
      volume.server.refusesOwners = true
      var owner = AttributeChange()
      owner.owner = 33
      try node.change(owner)
      try node.refresh()
      #expect(node.owner == 33 && file.owner == 1000, "a refused owner holds in the guest")
    }
  }

  @Test func specialFilesTheServerRefusesAreTheGuests() throws {
    try VolumeFixture.run { volume throws in
      let node = try volume.make("fifo", .fifo)
      #expect(try volume.node("fifo") === node)
      let open = try #require(try volume.system.root.open([]) as? OpenDirectory)
      open.position = 2
      #expect(try open.nextEntry()?.kind == .fifo)
      try volume.rename("fifo", "pipe")
      #expect(throws: SystemError.noSuchFile) { try volume.node("fifo") }
      #expect(try volume.node("pipe") === node)
      #expect(throws: SystemError.notPermitted) { try volume.make("null", .characterDevice) }
      try volume.remove("pipe")
      #expect(throws: SystemError.noSuchFile) { try volume.node("pipe") }
    }
  }

  @Test func linksAreTheGuests() throws {
    try VolumeFixture.run { volume throws in
      try volume.link("l", to: "/deep")
      #expect(try volume.files.lookup("/deep/v/l") === volume.files.lookup("/deep"))
      try volume.link("m", to: "../..")
      #expect(try volume.files.lookup("/deep/v/m") === volume.files.namespace.root)
      let file = volume.put("a", "x")
      let node = try volume.node("a")
      try volume.link("b", node)
      #expect(try volume.node("b") === node && file.links == 2)
      try volume.remove("a")
      #expect(try volume.node("b") === node && !node.isRemoved)
      #expect(try volume.text(volume.open("b")) == "x")
    }
  }

  @Test func nodesAndFidsAreBounded() throws {
    try VolumeFixture.run(nodeLimit: 128) { volume throws in
      for number in 0..<600 { volume.put("n\(number)", "x") }
      for number in 0..<600 { _ = try volume.text(volume.open("n\(number)")) }
      #expect(
        volume.system.nodes.count <= 128 + 64 + 16, "\(volume.system.nodes.count) nodes are kept")
      volume.system.recentNames.forget()
      #expect(
        volume.server.fids.count <= 128 + 64 + 32, "\(volume.server.fids.count) fids are kept")
      let kept = try volume.open("n7")
      for number in 0..<600 { _ = try volume.node("n\(number)") }
      #expect(try volume.node("n7") === kept.node, "a node in use was forgotten")
    }
  }

  // MARK: Mappings

  @Test func mappingsReadAndWriteBack() throws {
    try VolumeFixture.run { volume throws in
      let file = volume.put("a", String(repeating: "a", count: 10_000))
      let open = try volume.open("a")
      let source = try open.pageSource()
      #expect(source.byteCount == 10_000)
      let page = try source.page(at: 2, forWriting: true)
      FrameMemory.withMutableBytes(of: page.frame) {
        #expect($0.byte(at: 1807) == UInt8(ascii: "a") && $0.byte(at: 1808) == 0)
        $0.storeLittleEndian(UInt8(ascii: "Z"), at: 0)
      }
      #expect(file.data[8192] == UInt8(ascii: "a"))
      // A read sees what the mapping wrote, and takes it to the server first.
      #expect(try volume.text(open, 2, at: 8192) == "Za")
      #expect(file.data[8192] == UInt8(ascii: "Z") && file.data.count == 10_000)
      // A write reaches the page.
      try volume.files.write(open, Array("Y".utf8), at: 8193)
      #expect(FrameMemory.withBytes(of: page.frame) { $0.byte(at: 1) } == UInt8(ascii: "Y"))
      _ = try source.page(at: 2, forWriting: true)
      try source.synchronize()
      #expect(volume.server.synchronized.count == 1)
      #expect(throws: SystemError.inputOutput) { try source.page(at: 1 << 30, forWriting: false) }
    }
  }

  @Test func whatMappingsWroteIsNotLost() throws {
    try VolumeFixture.run { volume throws in
      let file = volume.put("a", String(repeating: "a", count: 40_000))
      func scribble() throws {
        let open = try volume.open("a")
        let source = try open.pageSource()
        for index in [0, 1, 2, 5, 9] {
          let page = try source.page(at: index, forWriting: true)
          FrameMemory.withMutableBytes(of: page.frame) {
            $0.storeLittleEndian(UInt8(ascii: "0") + UInt8(index), at: 10)
          }
        }
      }
      try scribble()
      #expect(file.data[10] == UInt8(ascii: "a"), "nothing was left to write back")
      try volume.system.synchronize()
      for index in [0, 1, 2, 5, 9] {
        #expect(file.data[index * 4096 + 10] == UInt8(ascii: "0") + UInt8(index))
      }
      #expect(file.data.count == 40_000)
    }
  }

  @Test func theKernelsOwnFaultsPoll() throws {
    try VolumeFixture.run { volume throws in
      volume.put("a", "mapped")
      let open = try volume.open("a")
      let source = try open.pageSource()
      volume.server.patience = []
      _ = try source.page(at: 0, forWriting: false)
      #expect(volume.server.patience == [.blocks])
      source.didUnmap()
      // The same page, but touched by the kernel, which copies from a mapping of the file.
      let mapped = try volume.files.map(open.pageSource(), byteCount: 4096)
      volume.server.patience = []
      #expect(try volume.files.copyIn(mapped, 6) == Array("mapped".utf8))
      #expect(volume.server.patience == [.polls])
    }
  }

  // MARK: Servers that lie or fail

  @Test func aBrokenDeviceFailsEverything() throws {
    try VolumeFixture.run { volume throws in
      volume.put("a", "x")
      let open = try volume.open("a")
      volume.server.isBroken = true
      #expect(throws: SystemError.inputOutput) { try volume.node("b") }
      #expect(throws: SystemError.inputOutput) { try volume.text(open) }
      #expect(throws: SystemError.inputOutput) { try open.synchronize() }
    }
  }

  @Test func serversOfAnotherKindAreRefused() throws {
    try FileFixture.run { files throws in
      let server = SimulatedNinePServer()
      server.messageSize = 100
      #expect(throws: SystemError.notSupported) {
        try NinePFileSystem(
          server, frames: files.frames, deviceNumber: 1, isReadOnly: false,
          ownership: .init(user: 0, group: 0), nodeLimit: 16)
      }
    }
  }

  @Test func namesThatLeadElsewhereAreRefused() throws {
    for name in ["a/b", "", "x\0y"] {
      try VolumeFixture.run { volume throws in
        volume.put(name)
        let open = try #require(try volume.system.root.open([]) as? OpenDirectory)
        open.position = 2
        #expect(throws: SystemError.inputOutput, "\(name)") { try open.nextEntry() }
      }
    }
  }
}
