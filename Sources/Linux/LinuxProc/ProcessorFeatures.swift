// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The names of processor features, as Linux has them in `/proc/cpuinfo`
/// (arch/x86/include/asm/cpufeatures.h), by the words of CPUID.
enum ProcessorFeatures {
  /// A word of CPUID with the names of its bits, from bit 0 on; "-" has no name.
  private struct Word {
    let bits: UInt32
    let names: StaticString
  }

  /// The names of all bits that are set, each followed by a space.
  static func names(
    leaf1d: UInt32, leaf1c: UInt32, leaf7b: UInt32, extendedD: UInt32, extendedC: UInt32
  ) -> [UInt8] {
    let words = [
      Word(bits: leaf1d, names: leaf1dNames), Word(bits: extendedD, names: extendedDNames),
      Word(bits: leaf1c, names: leaf1cNames), Word(bits: extendedC, names: extendedCNames),
      Word(bits: leaf7b, names: leaf7bNames),
    ]
    var text: [UInt8] = []
    for word in words { append(word, to: &text) }
    return text
  }

  private static func append(_ word: Word, to text: inout [UInt8]) {
    let names = word.names.bytes
    var bit: UInt32 = 0
    var start = 0
    for offset in 0...names.byteCount
    where offset == names.byteCount || names.byte(at: offset) == UInt8(ascii: " ") {
      let isNamed = offset > start && names.byte(at: start) != UInt8(ascii: "-")
      if isNamed && bit < 32 && word.bits & 1 << bit != 0 {
        for place in start..<offset { text.append(names.byte(at: place)) }
        text.append(UInt8(ascii: " "))
      }
      bit += 1
      start = offset + 1
    }
  }

  private static let leaf1dNames: StaticString = """
    fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - \
    dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe
    """
  private static let leaf1cNames: StaticString = """
    pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm - \
    pcid dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave - avx f16c \
    rdrand hypervisor
    """
  private static let leaf7bNames: StaticString = """
    fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cqm - mpx rdt_a \
    avx512f avx512dq rdseed adx smap avx512ifma - clflushopt clwb intel_pt avx512pf avx512er \
    avx512cd sha_ni avx512bw avx512vl
    """
  private static let extendedDNames: StaticString = """
    - - - - - - - - - - - syscall - - - - - - - - nx - - - - - pdpe1gb rdtscp - lm
    """
  private static let extendedCNames: StaticString = """
    lahf_lm - - - - abm sse4a - 3dnowprefetch
    """
}
