// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Binds the system calls of one object: each `syscall` instruction whose number is known becomes a
/// jump to a stub that enters the kernel's function for that number.
///
/// A jump takes five bytes and `syscall` two, so whole instructions before it (or after it, where a
/// jump leads to it) move into the stub. Source of the convention: System V ABI AMD64, A.2.1.
struct SiteBinder {
  /// What the names of this object's stubs contain; no other object may have it.
  let tag: String
  /// The object's name for the report.
  let name: String
  /// What names of the program begin with.
  let prefix: String
  let code: [String: [Instruction]]

  private(set) var object: ObjectFile
  private(set) var report = BindingReport()
  private var count = 0

  private static let jumpByteCount = 5

  init(
    _ object: ObjectFile, code: [String: [Instruction]], name: String, tag: String, prefix: String
  ) {
    self.object = object
    self.code = code
    self.name = name
    self.tag = tag
    self.prefix = prefix
  }

  /// Gives the names their prefix and binds all that can be bound.
  mutating func bind() {
    object.prefixNames(with: prefix)
    for number in object.sections.indices where object.sections[number].isExecutable {
      guard let code = code[object.sections[number].name], !code.isEmpty else { continue }
      let relocated = relocatedAddresses(code, in: number)
      guard code.contains(where: \.isSystemCall) || callsDispatcher(number) else { continue }
      let entries = Set(
        object.symbols.filter { Int($0.section) == number && $0.section < 0xff00 }.map(\.value))
      let constants = RegisterConstants(code, entries: entries, relocated: relocated)
      for index in code.indices {
        if code[index].isSystemCall {
          bindSite(index, code, number, constants, entries, relocated)
        } else if code[index].isCall || code[index].mnemonic == "jmp" {
          bindCall(code[index], number, constants.states[index] ?? [:])
        }
      }
    }
  }

  /// The addresses of instructions that have a relocation.
  private func relocatedAddresses(_ code: [Instruction], in section: Int) -> Set<UInt64> {
    let offsets = (object.relocations[section] ?? []).map(\.offset)
    var result: Set<UInt64> = []
    for offset in offsets {
      let index = code.partitioningIndex { $0.end > offset }
      if index < code.count, code[index].address <= offset { result.insert(code[index].address) }
    }
    return result
  }

  // MARK: Functions that take the number

  private func callsDispatcher(_ section: Int) -> Bool {
    (object.relocations[section] ?? []).contains { dispatcher(of: $0) != nil }
  }

  private enum Dispatcher { case point, function, named }

  private func dispatcher(of relocation: ObjectFile.Relocation) -> Dispatcher? {
    guard relocation.type == ObjectFile.procedure32 || relocation.type == ObjectFile.relative32,
      relocation.addend == -4
    else { return nil }
    switch object.symbols[relocation.symbol].name {
    case "\(prefix)__syscall_cp": return .point
    case "\(prefix)syscall": return .function
    case "\(prefix)__setxid": return .named
    default: return nil
    }
  }

  private mutating func bindCall(
    _ instruction: Instruction, _ section: Int, _ state: RegisterConstants.State
  ) {
    guard
      let place = object.relocations[section]?.firstIndex(where: {
        $0.offset > instruction.address && $0.offset < instruction.end
      }), let list = object.relocations[section], let dispatcher = dispatcher(of: list[place]),
      let value = state[.rdi], value < UInt64(CallThunks.limit)
    else { return }
    let number = Int(value)
    switch dispatcher {
    case .point, .function:
      let symbol = object.external(
        dispatcher == .point ? CallThunks.point(number) : CallThunks.function(number))
      object.relocations[section]?[place].symbol = symbol
    case .named:
      object.name(number, in: section, at: instruction.address)
      return
    }
    report.boundCalls[number, default: 0] += 1
  }

  // MARK: Instructions

  private mutating func bindSite(
    _ index: Int, _ code: [Instruction], _ section: Int, _ constants: RegisterConstants,
    _ entries: Set<UInt64>, _ relocated: Set<UInt64>
  ) {
    let site = code[index]
    guard !constants.hasHiddenWays else { return leave(site, section, .hiddenWays) }
    guard let value = constants.states[index]?[.rax], value < UInt64(CallThunks.limit) else {
      return leave(site, section, .unknownNumber)
    }
    let isEntered = { (address: UInt64) in
      constants.targets.contains(address) || entries.contains(address)
    }
    if let first = windowStart(index, code, isEntered, relocated) {
      replace(code[first..<index], site, [], number: Int(value), in: section)
    } else if let last = windowEnd(index, code, isEntered, relocated) {
      replace([], site, code[(index + 1)...last], number: Int(value), in: section)
    } else {
      return leave(site, section, .noRoom)
    }
    report.boundSites[Int(value), default: 0] += 1
  }

  /// The first of the instructions before the site that make room, none of which is entered from
  /// elsewhere but the first.
  private func windowStart(
    _ index: Int, _ code: [Instruction], _ isEntered: (UInt64) -> Bool, _ relocated: Set<UInt64>
  ) -> Int? {
    var first = index
    while code[index].end - code[first].address < UInt64(Self.jumpByteCount) {
      guard first > 0, !isEntered(code[first].address), Self.canMove(code[first - 1], relocated),
        code[first - 1].end == code[first].address
      else { return nil }
      first -= 1
    }
    return first
  }

  private func windowEnd(
    _ index: Int, _ code: [Instruction], _ isEntered: (UInt64) -> Bool, _ relocated: Set<UInt64>
  ) -> Int? {
    var last = index
    while code[last].end - code[index].address < UInt64(Self.jumpByteCount) {
      guard last + 1 < code.count, !isEntered(code[last + 1].address),
        Self.canMove(code[last + 1], relocated)
      else { return nil }
      last += 1
    }
    return last
  }

  /// Whether an instruction does the same at another place: no jump, and no distance from its own
  /// place that the linker does not complete.
  private static func canMove(_ instruction: Instruction, _ relocated: Set<UInt64>) -> Bool {
    guard !instruction.isJump, !instruction.isCall, !instruction.isSystemCall,
      !instruction.endsFlow, !instruction.mnemonic.hasPrefix("rep"), instruction.mnemonic != "lock"
    else { return false }
    return relocated.contains(instruction.address)
      || !instruction.operands.contains { $0.contains("(%rip)") }
  }

  private mutating func replace(
    _ before: ArraySlice<Instruction>, _ site: Instruction, _ after: ArraySlice<Instruction>,
    number: Int, in section: Int
  ) {
    count += 1
    let start = before.first?.address ?? site.address
    let end = after.last?.end ?? site.end
    let stubName = "\(Self.stubName)\(tag).\(count).call\(number)"
    let placeName = "martlet.site.\(tag).\(count)"
    let place = object.external(placeName)
    object.symbols[place].section = UInt16(section)
    object.symbols[place].value = end
    object.symbols[place].other = 2

    var stub = CallStub()
    stub.append(
      moved: bytes(start, site.address, section), takeCompletions(start, site.address, section))
    var tail = CallStub()
    if !after.isEmpty {
      tail.append(
        moved: bytes(site.end, end, section), takeCompletions(site.end, end, section))
      tail.jump(to: placeName)
    }
    stub.call(number, own: stubName, place: after.isEmpty ? placeName : nil, tail: tail)
    stub.add(to: &object, name: stubName)

    // Breakpoints behind the jump: nothing leads there.
    for offset in Int(start)..<Int(end) { object.sections[section].bytes[offset] = 0xcc }
    object.sections[section].bytes[Int(start)] = 0xe9
    for offset in Int(start) + 1..<Int(start) + Self.jumpByteCount {
      object.sections[section].bytes[offset] = 0
    }
    object.relocations[section, default: []].append(
      ObjectFile.Relocation(
        offset: start + 1, type: ObjectFile.procedure32, symbol: object.external(stubName),
        addend: -4))
  }

  private func bytes(_ start: UInt64, _ end: UInt64, _ section: Int) -> [UInt8] {
    Array(object.sections[section].bytes[Int(start)..<Int(end)])
  }

  /// Takes the relocations of moved code out of the section.
  private mutating func takeCompletions(
    _ start: UInt64, _ end: UInt64, _ section: Int
  ) -> [CallStub.Completion] {
    let all = object.relocations[section] ?? []
    let moved = all.filter { $0.offset >= start && $0.offset < end }
    object.relocations[section] = all.filter { $0.offset < start || $0.offset >= end }
    return moved.map {
      CallStub.Completion(
        offset: Int($0.offset - start), type: $0.type, target: .number($0.symbol),
        addend: $0.addend)
    }
  }

  private mutating func leave(
    _ site: Instruction, _ section: Int, _ reason: BindingReport.Reason
  ) {
    count += 1
    let place = object.external("\(Self.unboundName)\(tag).\(count)")
    object.symbols[place].section = UInt16(section)
    object.symbols[place].value = site.address
    object.symbols[place].other = 2
    report.unboundSites.append(
      BindingReport.UnboundSite(
        object: name, section: object.sections[section].name, offset: site.address,
        reason: reason))
  }

  /// What the names of stubs begin with.
  static let stubName = "martlet.stub."
  /// What the names of instructions that stay begin with.
  static let unboundName = "martlet.unbound."
}
