// SPDX-License-Identifier: BSD-3-Clause

/// Which registers hold a known number before each instruction of a section.
///
/// A constant is known only if it holds on every way to the instruction that the code shows. What an
/// instruction does that is not listed here makes its last operand unknown, which is right for
/// all that a compiler emits between a number and its system call.
struct RegisterConstants {
  typealias State = [Register: UInt64]

  /// By the instruction's index; nil where no way leads.
  private(set) var states: [State?]
  /// Addresses that a jump in the section leads to.
  let targets: Set<UInt64>
  /// Whether a jump goes where a table says: then a way may lead anywhere.
  let hasHiddenWays: Bool

  private let code: [Instruction]
  private let indices: [UInt64: Int]

  /// - Parameters:
  ///   - entries: where functions begin, besides the start.
  ///   - relocated: the addresses of instructions that the linker completes.
  init(_ code: [Instruction], entries: Set<UInt64>, relocated: Set<UInt64>) {
    self.code = code
    indices = Dictionary(
      code.enumerated().map { ($1.address, $0) }, uniquingKeysWith: { first, _ in first })
    targets = Set(code.filter { !relocated.contains($0.address) }.compactMap(\.target))
    hasHiddenWays = code.contains {
      $0.mnemonic.hasPrefix("jmp") && $0.operands.first?.first == "*"
    }
    states = Array(repeating: nil, count: code.count)
    var work: [Int] = []
    for index in code.indices where index == 0 || entries.contains(code[index].address) {
      merge([:], into: index, &work)
    }
    follow(&work, relocated)
    // What only a table or another section leads to; padding between functions is never run.
    for index in code.indices
    where states[index] == nil && !code[index].mnemonic.hasPrefix("nop") {
      merge([:], into: index, &work)
      follow(&work, relocated)
    }
  }

  private mutating func follow(_ work: inout [Int], _ relocated: Set<UInt64>) {
    while let index = work.popLast() {
      guard let before = states[index] else { continue }
      let instruction = code[index]
      let isFinal = !relocated.contains(instruction.address)
      let after = Self.state(before, after: instruction, isFinal: isFinal)
      if isFinal, let target = instruction.target, let place = indices[target] {
        merge(refined(after, jumpAt: index), into: place, &work)
      }
      if !instruction.endsFlow, index + 1 < code.count { merge(after, into: index + 1, &work) }
    }
  }

  /// After `test %r, %r` and `je` the register is zero.
  private func refined(_ state: State, jumpAt index: Int) -> State {
    guard index > 0, code[index].mnemonic == "je" else { return state }
    let test = code[index - 1]
    guard test.mnemonic.hasPrefix("test"), test.operands.count == 2,
      test.operands[0] == test.operands[1], let register = Register(operand: test.operands[0]),
      test.mnemonic == "testq" || test.mnemonic == "testl"
    else { return state }
    var state = state
    state[register] = 0
    return state
  }

  private mutating func merge(_ state: State, into index: Int, _ work: inout [Int]) {
    guard let known = states[index] else {
      states[index] = state
      work.append(index)
      return
    }
    let common = known.filter { state[$0.key] == $0.value }
    guard common.count < known.count else { return }
    states[index] = common
    work.append(index)
  }

  // MARK: One instruction

  /// - Parameter isFinal: whether no relocation changes the instruction.
  static func state(_ before: State, after instruction: Instruction, isFinal: Bool) -> State {
    var state = before
    let name = instruction.mnemonic
    if instruction.isSystemCall {
      for register in [Register.rax, .rcx, .r11] { state[register] = nil }
      return state
    }
    if instruction.isCall {
      for register in Register.changedByCalls { state[register] = nil }
      return state
    }
    if instruction.isJump { return state }
    if hasSilentEffects(instruction) {
      for register in Register.changedSilently { state[register] = nil }
    }
    if name.hasPrefix("xchg") || name.hasPrefix("xadd") || name == "lock" {
      for operand in instruction.operands {
        if let register = Register(operand: operand) { state[register] = nil }
      }
      return state
    }
    guard let last = instruction.operands.last, let target = Register(operand: last),
      !onlyReads(name)
    else { return state }
    state[target] = isFinal ? result(of: instruction, target, before) : nil
    return state
  }

  private static func onlyReads(_ name: String) -> Bool {
    ["cmp", "test", "push", "nop", "bt"].contains { name.hasPrefix($0) } && !name.hasPrefix("bts")
      && !name.hasPrefix("cmpxchg")
  }

  private static func hasSilentEffects(_ instruction: Instruction) -> Bool {
    let name = instruction.mnemonic
    let silent = [
      "mul", "imul", "div", "idiv", "cqto", "cltd", "cltq", "cpuid", "rdtsc", "cmpxchg",
    ]
    return silent.contains { name.hasPrefix($0) } || name.hasPrefix("rep") || name == "lock"
      || ["movs", "stos", "lods", "scas"].contains { name.hasPrefix($0) }
        && !(name.hasPrefix("movsl") || name.hasPrefix("movsw") || name.hasPrefix("movsb"))
  }

  /// The number that the instruction leaves in its target, if it is known.
  private static func result(
    of instruction: Instruction, _ target: Register, _ before: State
  ) -> UInt64? {
    guard instruction.operands.count == 2 else { return nil }
    let source = instruction.operands[0]
    let immediate = number(source)
    let value = Register(operand: source).flatMap { before[$0] }
    switch instruction.mnemonic {
    case "movl": return (immediate ?? value).map { $0 & 0xffff_ffff }
    case "movq", "movabsq": return immediate ?? value
    case "movb":
      // Into a register whose upper part is known.
      guard let immediate, let old = before[target], instruction.operands[1].hasSuffix("l") else {
        return nil
      }
      return old & ~0xff | immediate & 0xff
    case "xorl", "xorq": return source == instruction.operands[1] ? 0 : nil
    case "orl", "orq": return immediate.flatMap { number in before[target].map { $0 | number } }
    case "addl":
      return immediate.flatMap { number in before[target].map { ($0 &+ number) & 0xffff_ffff } }
    default: return nil
    }
  }

  /// `$19`, `$0x13`, `$-1`
  static func number(_ operand: String) -> UInt64? {
    guard operand.first == "$" else { return nil }
    var text = operand.dropFirst()
    let isNegative = text.first == "-"
    if isNegative { text = text.dropFirst() }
    let value =
      text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text, radix: 10)
    return value.map { isNegative ? 0 &- $0 : $0 }
  }
}
