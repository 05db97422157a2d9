// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Frames
import Machine
import Memory
import ProcFS
import VFS

/// A process that is told of, with memory of its own.
final class TestInformation: SystemInformation {
  let addressSpace: AddressSpace
  var process = ProcessInformation(identifier: 1)
  var threads: [ThreadInformation] = []
  var currentThread: Int32 = 1
  var executable: Node?
  var executablePath = text("/bin/program")
  var rootDirectory: Node
  var workingDirectory: Node
  var commandLine: [UInt8] = Array("program\0-x\0".utf8)
  var environment: [UInt8] = Array("A=1\0".utf8)
  var auxiliaryVector = [UInt8](repeating: 7, count: 32)
  var files: [Int32: OpenFile] = [:]
  var machine = MachineInformation()
  var kernelCommandLine = text("program=/bin/program")
  var mounts: [MountInformation] = []
  var hostName = text("martlet")
  var idleTime = Nanoseconds(seconds: 1, nanoseconds: 230_000_000)
  private var word: UInt64 = 0

  init() {
    addressSpace = TestMemory.make().space
    rootDirectory = FixedDirectory(PseudoFileSystem(deviceNumber: 1, magic: 1))
    workingDirectory = rootDirectory
    var first = ThreadInformation(identifier: 1)
    first.name = text("program")
    threads = [first]
  }

  func hasThread(_ identifier: Int32) -> Bool { threads.contains { $0.identifier == identifier } }

  func setName(_ name: [UInt8], ofThread identifier: Int32) {
    for index in threads.indices where threads[index].identifier == identifier {
      threads[index].name = name
    }
  }

  func openFile(at descriptor: Int32) -> OpenFile? { files[descriptor] }

  func nextDescriptor(from minimum: Int32) -> Int32? { files.keys.filter { $0 >= minimum }.min() }

  func closesOnExec(_ descriptor: Int32) -> Bool { descriptor == 5 }

  func limit(_ resource: Int) -> (soft: UInt64, hard: UInt64) {
    resource == 7 ? (1024, 1 << 20) : (.max, .max)
  }

  func randomWord() -> UInt64 {
    word += 1
    return word &* 0x9e37_79b9_7f4a_7c15
  }
}

/// Address spaces for tests.
enum TestMemory {
  static func make(frameCount: Int = 256) -> (space: AddressSpace, tables: PageTables) {
    let first = SimulatedMemory.reserveFrames(frameCount).rawValue
    let end = first + UInt32(frameCount)
    let pages = (FrameAllocator.metadataByteCount(upTo: end) + pageSize - 1) / pageSize
    let frames = FrameAllocator(
      metadata: HeapMemory(frame: SimulatedMemory.reserveFrames(pages), count: pages),
      ranges: [FrameAllocator.Range(first: first, end: end)], reserve: 0)
    let tables = PageTables(frames: frames)!
    return (AddressSpace(tables: tables, frames: frames), tables)
  }
}

func text(_ string: String) -> [UInt8] { Array(string.utf8) }

extension Node {
  /// The node at a path below this directory; links are followed by their object only.
  func find(_ path: String) throws -> Node {
    var node = self
    for part in path.split(separator: "/") {
      let name = Array(part.utf8)
      node = try node.lookup(name.span.bytes)
    }
    return node
  }

  /// The text of a generated file.
  func contents(_ path: String) throws -> String {
    guard let file = try find(path) as? GeneratedNode else { throw SystemError.invalidArgument }
    return String(decoding: try file.generate(), as: UTF8.self)
  }

  /// All names of a directory, in the order of its listing.
  func names() throws -> [String] {
    var names: [String] = []
    var cookie: UInt64 = 0
    while let entry = try entry(from: cookie) {
      names.append(String(decoding: entry.name, as: UTF8.self))
      cookie = entry.next
    }
    return names
  }
}
