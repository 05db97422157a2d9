// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// Turns addresses of a panic into functions, files and lines by `llvm-symbolizer`.
struct Symbolizer {
  /// An ELF file with the kernel's symbols.
  let kernel: String

  /// One line or more for each address; inlined functions have lines of their own. Swift's traps
  /// show as an inlined `Swift runtime failure: …`. Falls back to bare addresses.
  func describe(_ addresses: [UInt64]) async -> [String] {
    guard let program = Self.program else {
      return addresses.map { "\(Self.hexadecimal($0)) (install llvm to see names)" }
    }
    var lines: [String] = []
    for (index, address) in addresses.prefix(64).enumerated() {
      // All but the first are return addresses: the call is the instruction before.
      let looked = index == 0 || address == 0 ? address : address - 1
      let command = ExternalCommand(
        program, ["--obj=\(kernel)", "--inlines", "--demangle", Self.hexadecimal(looked)])
      let text = (try? await command.run())?.text ?? ""
      let parts = text.split(separator: "\n").map(String.init)
      let frames = stride(from: 0, to: parts.count - 1, by: 2).map { (parts[$0], parts[$0 + 1]) }
      let number = "#\(index)"
      if frames.isEmpty || frames[0].0 == "??" {
        lines.append("\(number) \(Self.hexadecimal(address))")
      }
      for frame in frames where frame.0 != "??" {
        lines.append("\(number) \(Self.hexadecimal(address)) \(frame.0) at \(Self.short(frame.1))")
      }
    }
    return lines
  }

  private static var program: String? {
    [
      "llvm-symbolizer", "/usr/lib/llvm-14/bin/llvm-symbolizer",
      "/opt/swift/usr/bin/llvm-symbolizer",
    ]
    .lazy.compactMap(Paths.executable).first
  }

  private static func short(_ location: String) -> String {
    let root = Repository.root + "/"
    return location.hasPrefix(root) ? String(location.dropFirst(root.count)) : location
  }

  static func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}
