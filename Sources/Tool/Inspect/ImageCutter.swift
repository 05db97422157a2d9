// SPDX-License-Identifier: BSD-3-Clause

import ImageBuild
import ToolSupport

/// Cuts an image into its functions and variables, so that each byte belongs to exactly one.
struct ImageCutter {
  /// What the linker gives for alignment at most counts for the part before it.
  private static let paddingLimit: UInt64 = 16
  static let nameless = "(texts and constants without a name)"

  let image: ImageFile
  /// Where something is that another part refers to: bytes without a name are cut there.
  private let targets: [UInt64]

  init(image: ImageFile, references: [ImageFile.Reference]) {
    self.image = image
    targets = Set(references.map(\.to)).sorted()
  }

  /// All parts, by address.
  func parts() throws -> [ImagePart] {
    let bySection = Dictionary(grouping: try image.symbols().filter(Self.isName), by: \.section)
    var result: [ImagePart] = []
    for (index, section) in image.sections.enumerated()
    where section.isAllocated && section.byteCount > 0 {
      result += cut(section, at: bySection[index] ?? [])
    }
    return result.sorted { $0.address < $1.address }
  }

  /// Neither a section or file, nor a place that the linker script marks.
  private static func isName(_ symbol: ImageFile.Symbol) -> Bool {
    symbol.type != 3 && symbol.type != 4 && !LinkerScript.marks.contains(symbol.name)
  }

  private func cut(_ section: ImageFile.Section, at symbols: [ImageFile.Symbol]) -> [ImagePart] {
    let end = section.address &+ section.byteCount
    let starts = Dictionary(
      grouping: symbols.filter { $0.address >= section.address && $0.address < end },
      by: \.address)
    let chosen = starts.keys.sorted().compactMap { starts[$0]?.max(by: Self.isWorse) }
    var parts: [ImagePart] = []
    var cursor = section.address
    for (index, symbol) in chosen.enumerated() where symbol.address >= cursor {
      fill(from: cursor, to: symbol.address, in: section, &parts)
      let next = index + 1 < chosen.count ? chosen[index + 1].address : end
      // Assembly gives no sizes: a label goes on to the next.
      let stop = symbol.byteCount > 0 ? min(end, symbol.address &+ symbol.byteCount) : next
      parts.append(part(symbol, from: symbol.address, to: stop, in: section))
      cursor = stop
    }
    fill(from: cursor, to: end, in: section, &parts)
    return parts
  }

  private func fill(
    from start: UInt64, to end: UInt64, in section: ImageFile.Section, _ parts: inout [ImagePart]
  ) {
    guard end > start else { return }
    if end - start < Self.paddingLimit, !parts.isEmpty {
      parts[parts.count - 1].byteCount += Int(end - start)
      return
    }
    var first = targets.partitioningIndex { $0 > start }
    var cursor = start
    while first < targets.count, targets[first] < end {
      parts.append(part(nil, from: cursor, to: targets[first], in: section))
      cursor = targets[first]
      first += 1
    }
    parts.append(part(nil, from: cursor, to: end, in: section))
  }

  private func part(
    _ symbol: ImageFile.Symbol?, from start: UInt64, to end: UInt64, in section: ImageFile.Section
  ) -> ImagePart {
    let (owner, kind) = Self.share(of: section.name)
    let library = symbol.map { Self.library(of: $0.name, in: owner, kind) } ?? owner
    let home = symbol.flatMap { MangledModule.name(of: $0.name) }
    return ImagePart(
      symbol: symbol?.name ?? "", name: symbol?.name ?? Self.nameless, library: library,
      module: home ?? library, kind: kind, address: start, byteCount: Int(end - start))
  }

  /// The library that a symbol counts for, of a section that the linker script gave to `owner`.
  static func library(of symbol: String, in owner: String, _ kind: ImagePart.Kind) -> String {
    let home = MangledModule.name(of: symbol)
    // Every module brings what it uses of the language's runtime and library, and the linker takes
    // it from the first that does.
    if symbol.hasPrefix("swift_") || symbol.hasPrefix("_swift_") { return "Toolchain" }
    // The image's own module chooses among all others: code that the compiler copied into it counts
    // for those who wrote it.
    if owner == "Image", kind == .text { return home ?? owner }
    // What a module adds to the library's types, or is for its own types, has its name inside.
    let isOwn = symbol.contains("\(owner.utf8.count)\(owner)")
    return home == "Toolchain" && !isOwn ? "Toolchain" : owner
  }

  /// The micro-library and the kind of a section that the linker script makes: `.text.Log`.
  static func share(of section: String) -> (library: String, kind: ImagePart.Kind) {
    let parts = section.split(separator: ".", maxSplits: 1).map(String.init)
    let first = parts.first ?? ""
    let isBoot = ["boot", "note", "image_record"].contains(first)
    let name = isBoot ? "Boot" : parts.count > 1 ? parts[1] : "Toolchain"
    switch isBoot ? parts.last ?? "" : first {
    case "text": return (name, .text)
    case "bss": return (name, .zeroed)
    case "data": return (name, .data)
    default: return (name, .constants)
    }
  }

  /// Whether `other` says more than `symbol` about the place that both name.
  private static func isWorse(_ symbol: ImageFile.Symbol, than other: ImageFile.Symbol) -> Bool {
    let rank = { (symbol: ImageFile.Symbol) in
      (symbol.type == 0 ? 0 : 1, symbol.byteCount, symbol.isLocal ? 0 : 1)
    }
    return rank(symbol) == rank(other) ? symbol.name > other.name : rank(symbol) < rank(other)
  }
}
