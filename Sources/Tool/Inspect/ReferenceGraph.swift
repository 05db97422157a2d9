// SPDX-License-Identifier: BSD-3-Clause

/// What refers to what in an image, and the way from the entry to each part.
///
/// The linker keeps what is reached from the entry; a way found here says why a part is in.
struct ReferenceGraph: Sendable {
  /// How a part was reached.
  enum Link: Sendable, Equatable {
    /// The processor starts there, or the linker script keeps it.
    case root
    /// The part with this number refers to it.
    case reference(Int)
    /// It lies in one piece with this part, which the linker does not take apart.
    case beside(Int)

    var parent: Int? {
      switch self {
      case .root: nil
      case .reference(let part), .beside(let part): part
      }
    }
  }

  /// For each part those to which it refers, by number, without itself.
  let targets: [[Int]]
  /// For each part how it was reached first, on one of the shortest ways; `nil`: not at all.
  private(set) var links: [Link?]
  /// How many steps that way has.
  private(set) var depths: [Int]

  /// - Parameters:
  ///   - targets: for each part those to which it refers.
  ///   - entry: the part where the processor starts.
  ///   - kept: parts that the linker script keeps without a reference.
  ///   - pieces: for each part the number of the piece that the linker keeps or drops as a whole.
  /// - Complexity: linear in the number of references.
  init(targets: [[Int]], entry: Int?, kept: [Int], pieces: [Int]) {
    self.targets = targets
    links = [Link?](repeating: nil, count: targets.count)
    depths = [Int](repeating: 0, count: targets.count)
    if let entry { spread(from: [(entry, .root)]) }
    spread(from: kept.map { ($0, .root) })
    // What has no way yet is held by a neighbour; whom it reaches comes with it.
    while true {
      var first: [Int: Int] = [:]
      for (part, link) in links.enumerated() where link != nil && first[pieces[part]] == nil {
        first[pieces[part]] = part
      }
      let beside = links.indices.compactMap { part -> (Int, Link)? in
        guard links[part] == nil, let holder = first[pieces[part]] else { return nil }
        return (part, .beside(holder))
      }
      if beside.isEmpty { return }
      spread(from: beside)
    }
  }

  private mutating func spread(from starts: [(Int, Link)]) {
    var queue: [Int] = []
    for (part, link) in starts where links[part] == nil {
      links[part] = link
      depths[part] = link.parent.map { depths[$0] + 1 } ?? 0
      queue.append(part)
    }
    var next = 0
    while next < queue.count {
      let part = queue[next]
      next += 1
      for target in targets[part] where links[target] == nil {
        links[target] = .reference(part)
        depths[target] = depths[part] + 1
        queue.append(target)
      }
    }
  }

  /// The parts on the way from the entry to this one, both included; empty when there is none.
  func chain(to part: Int) -> [Int] {
    guard links[part] != nil else { return [] }
    var chain = [part]
    while let link = links[chain[chain.count - 1]], let parent = link.parent {
      chain.append(parent)
    }
    return chain.reversed()
  }
}
