// SPDX-License-Identifier: BSD-3-Clause

import Base
import ELF
import LinuxCore
import Memory
import Random

/// Puts the segments of an image into the address space.
struct Mapper {
  let process: Process

  /// Where programs that may live anywhere begin to look for room; above this lie libraries and
  /// stacks, which come from the top.
  private static let relocatableBase: UInt = 0x5555_5555_4000
  /// 28 bits of randomness in pages, as Linux has for mappings.
  private static let randomPages: UInt64 = 1 << 28

  /// Maps `image` and returns what must be added to its addresses.
  func map(_ image: ELFImage, from file: ProgramFile, isInterpreter: Bool) throws(LoadError) -> UInt
  {
    let base = try reserve(image, isInterpreter: isInterpreter)
    for segment in image.segments { try map(segment, of: file, base: base) }
    return base
  }

  /// Finds room for the whole image, so that its segments keep their distances.
  private func reserve(_ image: ELFImage, isInterpreter: Bool) throws(LoadError) -> UInt {
    var request = MapRequest(byteCount: image.pageByteCount, permissions: .none)
    request.reservesNothing = true
    switch image.header.kind {
    case .fixed:
      request.placement = .fixedNoReplace(VirtualAddress(image.firstPage))
      _ = try map(request)
      return 0
    case .relocatable:
      // Room for the alignment, of which the ends are given back.
      let slack = image.alignment > UInt(pageSize) ? Int(image.alignment) : 0
      request.byteCount += slack
      if !isInterpreter {
        let random = UInt(RandomSource.next(below: Self.randomPages)) * UInt(pageSize)
        request.placement = .anywhere(hint: VirtualAddress(Self.relocatableBase + random))
      }
      let start = try map(request).rawValue
      let aligned = roundedUp(start &- image.firstPage, to: image.alignment) &+ image.firstPage
      try unmap(start, aligned - start)
      try unmap(aligned + UInt(image.pageByteCount), start + UInt(slack) - aligned)
      return aligned &- image.firstPage
    }
  }

  private func map(_ segment: ELFSegment, of file: ProgramFile, base: UInt) throws(LoadError) {
    let start = base &+ segment.firstPage
    let fileEndPage = roundedUp(base &+ segment.fileEnd, to: UInt(pageSize))
    let end = base &+ segment.endPage
    var anonymousStart = start
    if segment.fileByteCount > 0 {
      var request = MapRequest(
        byteCount: Int(fileEndPage - start), permissions: permitted(segment.permissions))
      request.placement = .fixed(VirtualAddress(start))
      request.content = .source(file.source, firstPage: segment.fileOffset / pageSize)
      _ = try map(request)
      anonymousStart = fileEndPage
    }
    if end > anonymousStart {
      var request = MapRequest(
        byteCount: Int(end - anonymousStart), permissions: permitted(segment.permissions))
      request.placement = .fixed(VirtualAddress(anonymousStart))
      _ = try map(request)
    }
    try zeroTail(of: segment, base: base, end: fileEndPage)
  }

  /// The rest of the last page that comes from the file belongs to the zeroed part (`.bss`).
  private func zeroTail(of segment: ELFSegment, base: UInt, end: UInt) throws(LoadError) {
    guard segment.memoryByteCount > UInt(segment.fileByteCount), segment.fileByteCount > 0,
      segment.permissions.contains(.write)
    else { return }
    let start = base &+ segment.fileEnd
    guard end > start else { return }
    do {
      try UserBuffer(start: VirtualAddress(start), count: Int(end - start))
        .zero(at: 0, count: Int(end - start))
    } catch { throw .memory(Errno(error)) }
  }

  /// A segment that asks to be writable and executable is only writable, unless the image allows
  /// both.
  private func permitted(_ permissions: Permissions) -> Permissions {
    guard permissions.contains([.write, .execute]), !process.allowsWriteAndExecute else {
      return permissions
    }
    return permissions.subtracting(.execute)
  }

  func map(_ request: MapRequest) throws(LoadError) -> VirtualAddress {
    do { return try process.space.map(request) } catch { throw .memory(Errno(error)) }
  }

  private func unmap(_ start: UInt, _ byteCount: UInt) throws(LoadError) {
    guard byteCount > 0 else { return }
    do {
      try process.space.unmap(
        AddressRange(start: VirtualAddress(start), byteCount: Int(byteCount)))
    } catch { throw .memory(Errno(error)) }
  }
}
