// SPDX-License-Identifier: BSD-3-Clause

import ImageBuild
import ToolSupport

/// An image taken apart: its functions and variables, and what refers to what.
public struct ImageAnatomy: Sendable {
  /// Every byte that the image takes in memory, by address.
  public internal(set) var parts: [ImagePart]
  let graph: ReferenceGraph
  /// Where the application, or the program of the image, begins.
  let main: Int?
  /// Whether the linker kept the references; without them nothing can be said about why.
  let hasReferences: Bool

  /// Reads an image with symbols, and has its names demangled.
  public static func read(_ image: ImageFile) async throws -> ImageAnatomy {
    var anatomy = try ImageAnatomy(image)
    let names = try await DemangledName.names(of: anatomy.parts.map(\.name))
    for (index, name) in names.enumerated() { anatomy.parts[index].name = name }
    return anatomy
  }

  /// Reads an image with symbols; the names stay mangled.
  init(_ image: ImageFile) throws {
    let symbols = try image.symbols()
    guard !symbols.isEmpty else {
      throw ToolError(
        "the image has no symbols", at: image.path,
        advice: "Take the kernel.debug.elf beside it, or name the application instead.")
    }
    let references = try image.references().filter { !LinkerScript.marks.contains($0.name) }
    let parts = try ImageCutter(image: image, references: references).parts()
    let addresses = parts.map(\.address)
    let find = { (address: UInt64) in Self.index(of: address, in: parts, addresses) }
    var targets = [Set<Int>](repeating: [], count: parts.count)
    for reference in references {
      guard let from = find(reference.from), let to = find(reference.to), from != to else {
        continue
      }
      targets[from].insert(to)
    }
    var kept: [Int] = []
    for section in image.sections where section.isAllocated {
      let names = [".note", ".boot", ".image_record", ".init_array"]
      guard names.contains(where: section.name.hasPrefix) else { continue }
      kept += parts.indices.filter { parts[$0].address &- section.address < section.byteCount }
    }
    var numbers: [String: Int] = [:]
    let pieces = parts.map { part in
      let name = "\(part.library) \(part.kind)"
      numbers[name] = numbers[name] ?? numbers.count
      return numbers[name] ?? 0
    }
    self.init(
      parts: parts,
      graph: ReferenceGraph(
        targets: targets.map { $0.sorted() }, entry: find(image.entry), kept: kept,
        pieces: pieces),
      main: symbols.first { $0.name == "main" }.flatMap { find($0.address) },
      hasReferences: !references.isEmpty)
  }

  init(parts: [ImagePart], graph: ReferenceGraph, main: Int?, hasReferences: Bool) {
    self.parts = parts
    self.graph = graph
    self.main = main
    self.hasReferences = hasReferences
  }

  /// The number of the part that holds an address.
  private static func index(
    of address: UInt64, in parts: [ImagePart], _ addresses: [UInt64]
  ) -> Int? {
    let low = addresses.partitioningIndex { $0 > address }
    guard low > 0, address - addresses[low - 1] < UInt64(parts[low - 1].byteCount) else {
      return nil
    }
    return low - 1
  }

  /// The micro-libraries with their bytes, in the order in which they lie in the image.
  public var libraries: [InspectionReport.Library] {
    var order: [String] = []
    var shares: [String: InspectionReport.Library] = [:]
    for part in parts {
      if shares[part.library] == nil { order.append(part.library) }
      shares[part.library, default: .init(name: part.library)].add(part)
    }
    return order.compactMap { shares[$0] }
  }

  /// The numbers of a library's parts.
  func parts(of library: String) -> [Int] { parts.indices.filter { parts[$0].library == library } }

  /// The part of a library that the shortest way from the entry reaches, code before data.
  func doorway(of library: String) -> Int? {
    let known = parts(of: library).filter { graph.links[$0] != nil }
    let code = known.filter { parts[$0].kind == .text }
    return (code.isEmpty ? known : code).min {
      (graph.depths[$0], $0) < (graph.depths[$1], $1)
    }
  }

  /// The way to a part in few words: where it enters each library, from the program's start on.
  func shortChain(to part: Int) -> [Int] {
    var chain = graph.chain(to: part)
    if let main, let start = chain.firstIndex(of: main) { chain.removeFirst(start) }
    return chain.enumerated().filter { index, step in
      index == 0 || index == chain.count - 1
        || parts[step].library != parts[chain[index - 1]].library
    }.map(\.element)
  }

  /// Which libraries refer to this one, with the number of their references, most first.
  func users(of library: String) -> [(library: String, references: Int)] {
    var counts: [String: Int] = [:]
    for (from, targets) in graph.targets.enumerated() where parts[from].library != library {
      for target in targets where parts[target].library == library {
        counts[parts[from].library, default: 0] += 1
      }
    }
    return counts.map { ($0.key, $0.value) }
      .sorted { ($1.references, $0.library) < ($0.references, $1.library) }
  }
}

extension InspectionReport.Library {
  mutating func add(_ part: ImagePart) {
    switch part.kind {
    case .text: text += part.byteCount
    case .constants: constants += part.byteCount
    case .data: data += part.byteCount
    case .zeroed: zeroed += part.byteCount
    }
  }
}
