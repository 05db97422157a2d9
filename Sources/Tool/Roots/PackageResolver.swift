// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// Finds what packages need at run time: the closure of Depends and Pre-Depends.
///
/// Of alternatives the one that is already in is kept, else the first that exists is taken; a
/// virtual package is served by its provider of the highest priority.
struct PackageResolver {
  let index: any PackageIndex

  private struct State {
    var chosen: [String: DebianPackage] = [:]
    var order: [String] = []
    var known: [String: DebianPackage] = [:]
    var asked: Set<String> = []
  }

  /// The packages in the order in which they were found, the requested ones first.
  func closure(of requested: [String]) async throws -> [DebianPackage] {
    var state = State()
    try await learn(requested, &state)
    for name in requested {
      guard let package = try await exact(name, &state) else { throw try await missing(name) }
      add(package, &state)
    }
    var next = 0
    while next < state.order.count {
      // A whole generation at a time: one question to apt instead of one for each package.
      let generation = state.order[next...].compactMap { state.chosen[$0] }
      next = state.order.count
      let groups = generation.flatMap(\.dependencies).filter { !isNeverNeeded($0, requested) }
      try await learn(groups.flatMap { $0 }, &state)
      for (package, groups) in generation.map({ ($0, $0.dependencies) }) {
        for group in groups where !isNeverNeeded(group, requested) && !isServed(group, state) {
          guard let found = try await first(of: group, &state) else {
            throw ToolError(
              "\(package.name) needs \(group.joined(separator: " or ")), which does not exist",
              advice: "The package lists may be old: run again with MARTLET_REFRESH=1.")
          }
          add(found, &state)
        }
      }
    }
    return state.order.compactMap { state.chosen[$0] }
  }

  private func isNeverNeeded(_ group: [String], _ requested: [String]) -> Bool {
    group.contains { NeverNeeded.packages.contains($0) && !requested.contains($0) }
  }

  private func isServed(_ group: [String], _ state: State) -> Bool {
    group.contains { name in
      state.chosen[name] != nil || state.chosen.values.contains { $0.provides.contains(name) }
    }
  }

  private func add(_ package: DebianPackage, _ state: inout State) {
    if state.chosen.updateValue(package, forKey: package.name) == nil {
      state.order.append(package.name)
    }
  }

  private func learn(_ names: [String], _ state: inout State) async throws {
    let unknown = Set(names).subtracting(state.asked).sorted()
    state.asked.formUnion(unknown)
    state.known.merge(try await index.packages(named: unknown)) { old, _ in old }
  }

  private func first(of group: [String], _ state: inout State) async throws -> DebianPackage? {
    for name in group {
      if let package = state.known[name] { return package }
    }
    for name in group {
      if let package = try await exact(name, &state) { return package }
    }
    return nil
  }

  /// The package of that name, or the best provider of the virtual one.
  private func exact(_ name: String, _ state: inout State) async throws -> DebianPackage? {
    if let package = state.known[name] { return package }
    let providers = try await index.providers(of: name)
    try await learn(providers, &state)
    let ranks = ["required", "important", "standard", "optional", "extra"]
    let candidates = providers.compactMap { state.known[$0] }
    return candidates.min { rank($0, ranks) < rank($1, ranks) }
  }

  private func rank(_ package: DebianPackage, _ ranks: [String]) -> Int {
    ranks.firstIndex(of: package.priority) ?? ranks.count
  }

  private func missing(_ name: String) async throws -> ToolError {
    let near = try await index.names(near: name)
    let advice = near.isEmpty ? "" : "Names like it: \(near.joined(separator: ", ")). "
    return ToolError(
      "there is no Debian package '\(name)'",
      advice: advice + "MARTLET_REFRESH=1 fetches the package lists again.")
  }
}
