// SPDX-License-Identifier: BSD-3-Clause

extension Zone {
  /// Links of a chain of CNAME records that are followed.
  private static var chainLimit: Int { 16 }

  /// Answers a question (RFC 1034 section 4.3.2).
  func answer(_ name: DomainName, _ type: RecordType) -> Answer {
    guard name.isWithin(origin) else { return Answer(.refused) }
    var answer = Answer()
    answer.isAuthoritative = true
    var name = name
    for _ in 0..<Self.chainLimit {
      guard let match = find(name) else { return answer }
      let node: ZoneNode
      switch match {
      case .nothing:
        answer.code = .nameError
        addAuthority(to: &answer)
        return answer
      case .delegation(let cut):
        // RFC 4035 section 3.1.4.1: DS belongs to the side above the cut.
        guard cut.name == name, type == RecordType(43) else {
          refer(to: cut, &answer)
          return answer
        }
        node = cut
      case .wildcard(let star): node = star
      case .node(let found): node = found
      }
      guard let target = add(node, as: name, type, to: &answer) else { return answer }
      let isKnown = answer.answers.contains { $0.name == target }
      guard target.isWithin(origin), !isKnown else { return answer }
      name = target
    }
    return answer
  }

  /// Adds what a node has of a type.
  ///
  /// - Returns: where to go on, when there is an alias instead.
  private func add(
    _ node: ZoneNode, as name: DomainName, _ type: RecordType, to answer: inout Answer
  ) -> DomainName? {
    // RFC 8482 section 4.1: to ANY one set is enough.
    let found = type == .any ? node.sets.first : node.set(type)
    if let found {
      answer.answers.append(Answer.Entry(name: name, set: found))
      addAddresses(of: found, to: &answer)
      return nil
    }
    if let alias = node.set(.cname) {
      answer.answers.append(Answer.Entry(name: name, set: alias))
      return DomainName(wire: alias.data[0])
    }
    addAuthority(to: &answer)
    return nil
  }

  /// The SOA record that says how long a "no" is kept (RFC 2308 section 3).
  private func addAuthority(to answer: inout Answer) {
    guard var start = apex.set(.soa) else { return }
    start.lifetime = min(start.lifetime, SOAData.minimum(start.data[0]))
    answer.authority.append(Answer.Entry(name: origin, set: start))
  }

  /// Names the servers of the zone that begins here, with their addresses (RFC 1034 section 4.2.1).
  private func refer(to cut: ZoneNode, _ answer: inout Answer) {
    guard let servers = cut.set(.ns) else { return }
    // AA is about the first name, which an alias may have led away from (RFC 1035 section 4.1.1).
    if answer.answers.isEmpty { answer.isAuthoritative = false }
    answer.authority.append(Answer.Entry(name: cut.name, set: servers))
    for data in servers.data {
      let name = DomainName(wire: data)
      guard let node = node(name) else { continue }
      addAddresses(of: node, as: name, to: &answer)
      if name.isWithin(cut.name) { answer.needsAdditional = true }
    }
  }

  /// Adds the addresses of the hosts that records name (RFC 1035 section 3.3).
  private func addAddresses(of set: RecordSet, to answer: inout Answer) {
    let skipped: Int
    switch set.type {
    case .ns: skipped = 0
    case .mx: skipped = 2
    case .srv: skipped = 6
    default: return
    }
    for data in set.data {
      let name = DomainName(wire: Array(data[skipped...]))
      if case .node(let node)? = find(name) { addAddresses(of: node, as: name, to: &answer) }
    }
  }

  private func addAddresses(of node: ZoneNode, as name: DomainName, to answer: inout Answer) {
    if answer.additional.contains(where: { $0.name == name }) { return }
    for type in [RecordType.a, .aaaa] {
      if let set = node.set(type) { answer.additional.append(Answer.Entry(name: name, set: set)) }
    }
  }

  /// The node of a name, wherever other zones begin above it.
  private func node(_ name: DomainName) -> ZoneNode? {
    guard let labels = labels(of: name) else { return nil }
    var node = apex
    for label in labels {
      guard let child = node.child(name.bytes[label]) else { return nil }
      node = child
    }
    return node
  }
}
