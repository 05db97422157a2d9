// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Frames
import LinuxCore
import Machine
import Memory
import Random

/// The shared object that programs get from the kernel (`vdso(7)`).
public enum VDSO {
  /// Maps the object into the program at a random place, keeps its numbers up to date from now
  /// on, and tells the loader its address (`AT_SYSINFO_EHDR`). Call it before the program is
  /// loaded, once. Throws `outOfMemory`.
  ///
  /// The kernel's `Clock` must have started.
  public static func install(in process: Process) throws(SystemError) {
    let frames = process.space.frames
    guard let clockFrame = frames.allocate() else { throw .outOfMemory }
    guard let codeFrame = frames.allocate() else {
      frames.free(clockFrame)
      throw .outOfMemory
    }
    FrameMemory.zero(codeFrame)
    FrameMemory.withMutableBytes(of: codeFrame) { bytes in copyImage(into: &bytes) }
    let clock = ClockPage(frame: clockFrame)
    Clock.observe(clock)
    let pages = SharedObjectPages(clock: clockFrame, code: codeFrame)
    let start = try map(pages, in: process.space)
    process.sharedObjectAddress = (start + pageSize).rawValue
  }

  /// Copies the ELF file to the start of `bytes`.
  static func copyImage(into bytes: inout MutableRawSpan) {
    for index in 0..<SharedObjectImage.wordCount {
      bytes.storeLittleEndian(SharedObjectImage.words[index], at: index * 8)
    }
  }

  /// Maps both pages next to each other. Returns the address of the first one.
  private static func map(
    _ pages: SharedObjectPages, in space: AddressSpace
  ) throws(SystemError) -> VirtualAddress {
    var data = MapRequest(byteCount: pageSize, permissions: .read)
    data.maximumPermissions = .read
    data.content = .source(pages, firstPage: SharedObjectPages.clockPage)
    data.label = .vvar
    data.populates = true
    data.placement = .fixedNoReplace(try place(in: space))
    let start = try space.map(data)
    var code = MapRequest(byteCount: pageSize, permissions: [.read, .execute])
    code.maximumPermissions = [.read, .execute]
    code.content = .source(pages, firstPage: SharedObjectPages.codePage)
    code.label = .vdso
    code.populates = true
    code.placement = .fixedNoReplace(start + pageSize)
    _ = try space.map(code)
    return start
  }

  /// A random free place for two pages: in the GiB that the loader keeps free between the lowest
  /// stack and the highest place of a mapping, 64 GiB below the end of the program's range.
  private static func place(in space: AddressSpace) throws(SystemError) -> VirtualAddress {
    let bottom = KernelLayout.programRange.end.rawValue - (66 << 30)
    for _ in 0..<4 {
      let page = UInt(RandomSource.next(below: (1 << 18) - 4))
      let start = VirtualAddress(bottom + page * UInt(pageSize))
      if space.region(containing: start) == nil && space.region(containing: start + pageSize) == nil
      {
        return start
      }
    }
    throw .outOfMemory
  }
}
