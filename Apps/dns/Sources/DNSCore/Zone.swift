// SPDX-License-Identifier: BSD-3-Clause

/// All records of one name and type.
struct RecordSet {
  var type: RecordType
  /// In seconds. All records of a set have the same (RFC 2181 section 5.2).
  var lifetime: UInt32
  /// Of each record: what it says, names in it not compressed.
  var data: [[UInt8]]
}

/// A name of the zone and what is below it.
final class ZoneNode {
  let label: [UInt8]
  /// As it was written first.
  let name: DomainName
  var sets: [RecordSet] = []
  /// By their labels in small letters, sorted.
  var children: [ZoneNode] = []

  init(label: [UInt8], name: DomainName) {
    self.label = label
    self.name = name
  }

  func set(_ type: RecordType) -> RecordSet? {
    sets.first { $0.type == type }
  }

  /// The child with this label, or where it belongs.
  func find(_ label: ArraySlice<UInt8>) -> (index: Int, isThere: Bool) {
    var low = 0
    var high = children.count
    while low < high {
      let middle = (low + high) / 2
      switch Self.compare(children[middle].label, label) {
      case 0: return (middle, true)
      case ..<0: low = middle + 1
      default: high = middle
      }
    }
    return (low, false)
  }

  func child(_ label: ArraySlice<UInt8>) -> ZoneNode? {
    let (index, isThere) = find(label)
    return isThere ? children[index] : nil
  }

  /// Compares a label in small letters with one in any.
  private static func compare(_ left: [UInt8], _ right: ArraySlice<UInt8>) -> Int {
    var place = right.startIndex
    for byte in left {
      guard place < right.endIndex else { return 1 }
      let other = right[place].lowercased
      if byte != other { return byte < other ? -1 : 1 }
      place += 1
    }
    return place < right.endIndex ? -1 : 0
  }
}

/// A zone: a tree of names below its own (RFC 1034 section 4.2).
public final class Zone {
  public let origin: DomainName
  let apex: ZoneNode
  /// How many records it has.
  public private(set) var recordCount = 0

  init(origin: DomainName) {
    self.origin = origin
    apex = ZoneNode(label: [], name: origin)
  }

  /// The labels of `name` below the origin, last first; each an extent of its bytes. Nil when it is
  /// not within the zone.
  func labels(of name: DomainName) -> [Range<Int>]? {
    guard name.isWithin(origin) else { return nil }
    let end = name.bytes.count - origin.bytes.count
    var labels: [Range<Int>] = []
    var offset = 0
    while offset < end {
      let next = offset + 1 + Int(name.bytes[offset])
      labels.append((offset + 1)..<next)
      offset = next
    }
    labels.reverse()
    return labels
  }

  /// The node of a name within the zone, made with all between when it is not there.
  func makeNode(_ name: DomainName) -> ZoneNode? {
    guard let labels = labels(of: name) else { return nil }
    var node = apex
    for label in labels {
      let (index, isThere) = node.find(name.bytes[label])
      if isThere {
        node = node.children[index]
        continue
      }
      let part = DomainName(wire: Array(name.bytes[(label.lowerBound - 1)...]))
      let child = ZoneNode(label: name.bytes[label].map { $0.lowercased }, name: part)
      node.children.insert(child, at: index)
      node = child
    }
    return node
  }

  /// Why a record cannot be added.
  enum Conflict {
    case outside, cnameAndOthers, secondCNAME, secondSOA, soaBelow
  }

  /// Adds a record; one that is there already changes nothing. Nil when it is added.
  func add(
    _ name: DomainName, _ type: RecordType, lifetime: UInt32, data: [UInt8]
  ) -> Conflict? {
    guard let node = makeNode(name) else { return .outside }
    if type == .soa, node !== apex { return .soaBelow }
    if type == .cname {
      if let other = node.set(.cname), other.data != [data] { return .secondCNAME }
      if node.sets.contains(where: { $0.type != .cname }) { return .cnameAndOthers }
    } else if node.set(.cname) != nil {
      return .cnameAndOthers
    }
    guard let index = node.sets.firstIndex(where: { $0.type == type }) else {
      node.sets.append(RecordSet(type: type, lifetime: lifetime, data: [data]))
      recordCount += 1
      return nil
    }
    if node.sets[index].data.contains(data) { return nil }
    if type == .soa { return .secondSOA }
    node.sets[index].data.append(data)
    node.sets[index].lifetime = min(node.sets[index].lifetime, lifetime)
    recordCount += 1
    return nil
  }

  /// Where a search in the tree ends (RFC 1034 section 4.3.2 step 3).
  enum Match {
    case node(ZoneNode)
    /// A name at or above which another zone begins.
    case delegation(ZoneNode)
    /// The name is not there, but this wildcard stands for it.
    case wildcard(ZoneNode)
    /// The name is not there.
    case nothing
  }

  /// Looks for a name within the zone.
  func find(_ name: DomainName) -> Match? {
    guard let labels = labels(of: name) else { return nil }
    var node = apex
    for label in labels {
      guard let child = node.child(name.bytes[label]) else {
        // RFC 4592 section 3.3.1: the wildcard of the closest encloser, and of no other.
        guard let star = node.child([UInt8(ascii: "*")]) else { return .nothing }
        return .wildcard(star)
      }
      node = child
      if node.set(.ns) != nil { return .delegation(node) }
    }
    return .node(node)
  }
}
