// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// What a start must know of a kernel's ELF file (System V ABI, chapters 4 and 5).
struct KernelFile {
  /// Where the guest's memory behind the loaded kernel begins, a physical address.
  let physicalEnd: UInt64

  /// Every kernel begins here; see the linker script.
  private static let loadAddress: UInt64 = 2 << 20

  init(path: String) throws {
    guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 4096)
    else { throw ToolError("cannot read the file", at: path) }
    let bytes = [UInt8](head)
    // What is no ELF file is the emulator's to refuse, which can tell why.
    guard bytes.count >= 64, bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else {
      physicalEnd = Self.loadAddress
      return
    }
    func word(_ offset: Int) -> UInt64 {
      bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let table = Int(clamping: word(32))
    let count = Int(word(56) & 0xffff)
    var end: UInt64 = 0
    for index in 0..<count {
      let header = table + index * 56
      guard header >= 0, header + 56 <= bytes.count else { break }
      // PT_LOAD: p_paddr and p_memsz.
      if word(header) & 0xffff_ffff == 1 { end = max(end, word(header + 24) &+ word(header + 40)) }
    }
    physicalEnd = end
  }
}
