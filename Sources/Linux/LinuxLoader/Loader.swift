// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import ELF
import LinuxCore
import Log
import Machine
import Memory
import Random
import VFS

/// Loads programs as `execve(2)` does.
public enum Loader {
  /// Where a loaded program begins.
  public struct Entry: Sendable {
    public let instructionPointer: UInt
    public let stackPointer: UInt
  }

  /// Programs whose interpreter is a script again, at most this deep (`execve(2)`).
  private static let scriptDepth = 4

  /// Loads the program at `path` into the empty address space of `process`, with its first stack.
  /// Logs an error line that says why when it cannot.
  public static func load(
    _ path: [UInt8], arguments: [[UInt8]], environment: [[UInt8]], in process: Process
  ) throws(LoadError) -> Entry {
    do {
      return try loadQuietly(path, arguments: arguments, environment: environment, in: process)
    } catch {
      report(error, path: path)
      throw error
    }
  }

  static func loadQuietly(
    _ path: [UInt8], arguments: [[UInt8]], environment: [[UInt8]], in process: Process
  ) throws(LoadError) -> Entry {
    let (file, arguments) = try resolve(path, arguments: arguments, in: process)
    chooseMappingTop(of: process)
    let image = try file.image()
    let mapper = Mapper(process: process)
    let base = try mapper.map(image, from: file, isInterpreter: false)
    var entry = base &+ image.header.entry
    var interpreterBase: UInt = 0
    if let range = image.interpreter {
      (entry, interpreterBase) = try loadInterpreter(
        file.read(at: range.lowerBound, count: range.count), with: mapper)
    }
    setProgramBreak(behind: base &+ image.endPage, in: process)
    process.executable = file.node
    let stack = StartupStack(
      arguments: arguments, environment: environment, executableName: path,
      randomBytes: randomBytes(),
      auxiliary: auxiliary(
        Addresses(
          headers: image.programHeaderAddress.map { base &+ $0 } ?? 0,
          headerCount: image.header.programHeaderCount, entry: base &+ image.header.entry,
          interpreterBase: interpreterBase), process: process))
    return Entry(
      instructionPointer: entry, stackPointer: try makeStack(stack, with: mapper))
  }

  /// Mappings without an address go below the stack's part, from a random place downwards.
  static func chooseMappingTop(of process: Process) {
    let gap = (UInt(1) << 36) + UInt(RandomSource.next(below: 1 << 24)) * UInt(pageSize)
    process.space.setMappingTop(
      VirtualAddress(KernelLayout.programRange.end.rawValue - (UInt(1) << 31) - gap))
  }

  /// Follows `#!` lines to a program.
  private static func resolve(
    _ path: [UInt8], arguments: [[UInt8]], in process: Process
  ) throws(LoadError) -> (ProgramFile, [[UInt8]]) {
    var path = path
    var arguments = arguments
    for _ in 0...scriptDepth {
      let file = try ProgramFile(path: path, in: process)
      let start = try file.read(at: 0, count: ScriptLine.byteLimit)
      guard start.count >= 2, start[0] == UInt8(ascii: "#"), start[1] == UInt8(ascii: "!") else {
        guard start.count >= 4, start[0] == 0x7f, start[1] == UInt8(ascii: "E") else {
          throw .unknownFormat
        }
        process.executablePath = path
        process.commandName = lastComponent(of: path)
        return (file, arguments)
      }
      guard let line = ScriptLine(parsing: RawSpan(_elements: start.span)) else {
        throw .unknownFormat
      }
      // The interpreter, its argument, the script, and what followed the script's name.
      var next = [line.interpreter]
      if let argument = line.argument { next.append(argument) }
      next.append(path)
      if arguments.count > 1 { next.append(contentsOf: arguments[1...]) }
      arguments = next
      path = line.interpreter
    }
    throw .nestedScripts
  }

  private static func loadInterpreter(
    _ path: [UInt8], with mapper: Mapper
  ) throws(LoadError) -> (entry: UInt, base: UInt) {
    do {
      let file = try ProgramFile(path: path, in: mapper.process)
      let image = try file.image()
      let base = try mapper.map(image, from: file, isInterpreter: true)
      return (base &+ image.header.entry, base)
    } catch {
      throw .interpreter(error.errno)
    }
  }

  /// The heap begins at a random page within 32 MiB behind the program, as in Linux.
  static func setProgramBreak(behind end: UInt, in process: Process) {
    let random = UInt(RandomSource.next(below: 0x2000)) * UInt(pageSize)
    process.space.startBreak(at: VirtualAddress(end + random))
  }

  static func randomBytes() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16)
    bytes.put(RandomSource.next(), at: 0)
    bytes.put(RandomSource.next(), at: 8)
    return bytes
  }

  /// What the auxiliary vector says of the program in memory.
  struct Addresses {
    var headers: UInt
    var headerCount: Int
    var entry: UInt
    var interpreterBase: UInt = 0
  }

  static func auxiliary(
    _ addresses: Addresses, process: Process
  ) -> [(StartupStack.Auxiliary, UInt64)] {
    var vector: [(StartupStack.Auxiliary, UInt64)] = []
    if process.sharedObjectAddress != 0 {
      vector.append((.sharedObject, UInt64(process.sharedObjectAddress)))
    }
    // AT_HWCAP is CPUID 1 EDX; bit 1 of AT_HWCAP2 says that FSGSBASE may be used: it may not,
    // since the base of GS is the kernel's.
    vector.append((.minimumSignalStack, UInt64(ThreadContext.vectorStateByteCount + 1024)))
    vector.append((.processorFeatures, UInt64(Processor.identify(1).d)))
    vector.append((.pageByteCount, UInt64(pageSize)))
    vector.append((.clockTicks, 100))
    vector.append((.programHeaders, UInt64(addresses.headers)))
    vector.append((.programHeaderByteCount, 56))
    vector.append((.programHeaderCount, UInt64(addresses.headerCount)))
    vector.append((.interpreterBase, UInt64(addresses.interpreterBase)))
    vector.append((.flags, 0))
    vector.append((.entry, UInt64(addresses.entry)))
    vector.append((.user, UInt64(process.credentials.user.real)))
    vector.append((.effectiveUser, UInt64(process.credentials.user.effective)))
    vector.append((.group, UInt64(process.credentials.group.real)))
    vector.append((.effectiveGroup, UInt64(process.credentials.group.effective)))
    vector.append((.isSecure, 0))
    vector.append((.moreProcessorFeatures, 0))
    return vector
  }

  /// Maps the stack and copies the start-up bytes to its top. Returns the stack pointer.
  static func makeStack(
    _ contents: StartupStack, with mapper: Mapper
  ) throws(LoadError) -> UInt {
    let process = mapper.process
    let limit = process.limits[3].soft
    let byteCount = Int(min(max(limit, 1 << 20), 1 << 30)) & ~(pageSize - 1)
    var request = MapRequest(byteCount: byteCount, permissions: .readWrite)
    request.growsDown = true
    // Its size is a limit: it takes memory page by page.
    request.reservesNothing = true
    request.label = .stack
    // Down to 64 GiB below the end of the program's range.
    let random = UInt(RandomSource.next(below: 1 << 24)) * UInt(pageSize)
    let end = KernelLayout.programRange.end.rawValue - UInt(pageSize) - random
    request.placement = .fixedNoReplace(VirtualAddress(end - UInt(byteCount)))
    let bottom = try mapper.map(request)
    let top = bottom.rawValue + UInt(byteCount)
    let shift = UInt(RandomSource.next(below: 512)) * 16
    var total = 0
    for text in contents.arguments { total += text.count + 9 }
    for text in contents.environment { total += text.count + 9 }
    guard total <= byteCount / 4 else { throw .argumentsTooLong }
    let layout = contents.layout(top: top, shift: shift)
    do {
      try ProgramBytes.copyOut(layout.bytes, to: VirtualAddress(layout.stackPointer))
    } catch { throw .memory(error) }
    process.argumentsRange = range(layout.arguments)
    process.environmentRange = range(layout.environment)
    process.auxiliaryVector = layout.auxiliary
    process.startOfStack = VirtualAddress(layout.stackPointer)
    return layout.stackPointer
  }

  private static func range(_ range: Range<UInt>) -> AddressRange {
    AddressRange(start: VirtualAddress(range.lowerBound), end: VirtualAddress(range.upperBound))
  }

  static func lastComponent(of path: [UInt8]) -> [UInt8] {
    var start = path.count
    while start > 0 && path[start - 1] != UInt8(ascii: "/") { start -= 1 }
    return Array(path[start..<min(path.count, start + 15)])
  }

  private static func report(_ error: LoadError, path: [UInt8]) {
    let line = LogLine(.error, "loader")
    line.append("cannot run ")
    line.append(path)
    line.append(": ")
    line.append(error.reason)
    if case .image(let detail) = error {
      line.append(" (at byte ")
      line.append(decimal: detail.offset)
      line.append(")")
    }
    line.end()
  }
}
