// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Machine
import Memory

/// A program whose bytes are part of the kernel's image.
public struct ProgramParts {
  /// One range of pages, with the frames that hold its contents.
  public struct Part {
    public let range: AddressRange
    public let firstFrame: FrameNumber

    public init(range: AddressRange, firstFrame: FrameNumber) {
      self.range = range
      self.firstFrame = firstFrame
    }
  }

  public let text: Part
  public let constants: Part
  public let data: Part
  /// The end of what begins as zeros, behind the data.
  public let zeroedEnd: VirtualAddress
  public let entry: UInt
  /// The address of its program headers, and how many there are (`AT_PHDR`).
  public let headers: UInt
  public let headerCount: Int

  public init(
    text: Part, constants: Part, data: Part, zeroedEnd: VirtualAddress, entry: UInt,
    headers: UInt, headerCount: Int
  ) {
    self.text = text
    self.constants = constants
    self.data = data
    self.zeroedEnd = zeroedEnd
    self.entry = entry
    self.headers = headers
    self.headerCount = headerCount
  }
}

extension Loader {
  /// Maps a program that is linked with the kernel into the empty address space of `process`, with
  /// its first stack. There is no file to read: its pages are the image's own until they are
  /// written to.
  public static func load(
    _ program: ProgramParts, name: [UInt8], arguments: [[UInt8]], environment: [[UInt8]],
    in process: Process
  ) throws(LoadError) -> Entry {
    chooseMappingTop(of: process)
    let mapper = Mapper(process: process)
    try map(program.text, [.read, .execute], with: mapper)
    try map(program.constants, .read, with: mapper)
    try map(program.data, .readWrite, with: mapper)
    let dataEnd = pageEnd(of: program.data)
    let end = roundedUp(program.zeroedEnd.rawValue, to: UInt(pageSize))
    if end > dataEnd {
      var request = MapRequest(byteCount: Int(end - dataEnd), permissions: .readWrite)
      request.placement = .fixedNoReplace(VirtualAddress(dataEnd))
      _ = try mapper.map(request)
    }
    setProgramBreak(behind: max(end, dataEnd), in: process)
    process.executablePath = name
    process.commandName = lastComponent(of: name)
    let stack = StartupStack(
      arguments: arguments, environment: environment, executableName: name,
      randomBytes: randomBytes(),
      auxiliary: auxiliary(
        Addresses(
          headers: program.headers, headerCount: program.headerCount, entry: program.entry),
        process: process))
    return Entry(
      instructionPointer: program.entry, stackPointer: try makeStack(stack, with: mapper))
  }

  private static func pageEnd(of part: ProgramParts.Part) -> UInt {
    roundedUp(part.range.end.rawValue, to: UInt(pageSize))
  }

  private static func map(
    _ part: ProgramParts.Part, _ permissions: Permissions, with mapper: Mapper
  ) throws(LoadError) {
    guard part.range.byteCount > 0 else { return }
    let byteCount = Int(pageEnd(of: part) - part.range.start.rawValue)
    var request = MapRequest(byteCount: byteCount, permissions: permissions)
    request.placement = .fixedNoReplace(part.range.start)
    request.content = .source(ImagePages(part.firstFrame, byteCount: byteCount), firstPage: 0)
    _ = try mapper.map(request)
  }
}

/// Pages of the kernel's image that hold a part of the program.
private final class ImagePages: PageSource {
  private let firstFrame: FrameNumber
  private let count: Int

  init(_ firstFrame: FrameNumber, byteCount: Int) {
    self.firstFrame = firstFrame
    count = byteCount
  }

  override func page(at index: Int, forWriting: Bool) throws(SystemError) -> SourcePage {
    guard !forWriting, index < count / pageSize else { throw .inputOutput }
    return SourcePage(frame: firstFrame + index, isPermanent: true)
  }

  override var byteCount: Int { count }
}
