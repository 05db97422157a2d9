// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Linux's names for the feature bits of CPUID (SDM 2A, CPUID; Linux `cpufeatures.h`), for the
/// flags of `/proc/cpuinfo`.
public struct ProcessorFeatures {
  /// Leaf 1: EDX, ECX. Leaf 7.0: EBX, ECX, EDX. Leaf 0x80000001: EDX, ECX. Leaf 0xd.1: EAX.
  public var leaf1EDX: UInt32 = 0
  public var leaf1ECX: UInt32 = 0
  public var leaf7EBX: UInt32 = 0
  public var leaf7ECX: UInt32 = 0
  public var leaf7EDX: UInt32 = 0
  public var extendedEDX: UInt32 = 0
  public var extendedECX: UInt32 = 0
  public var leafDEAX: UInt32 = 0

  public init() {}

  /// The names of the bits that are set, each followed by a space.
  public var names: [UInt8] {
    var text: [UInt8] = []
    Self.append(leaf1EDX, Self.leaf1EDXNames, to: &text)
    Self.append(extendedEDX, Self.extendedEDXNames, to: &text)
    Self.append(leaf1ECX, Self.leaf1ECXNames, to: &text)
    Self.append(extendedECX, Self.extendedECXNames, to: &text)
    Self.append(leaf7EBX, Self.leaf7EBXNames, to: &text)
    Self.append(leafDEAX, Self.leafDEAXNames, to: &text)
    Self.append(leaf7ECX, Self.leaf7ECXNames, to: &text)
    Self.append(leaf7EDX, Self.leaf7EDXNames, to: &text)
    return text
  }

  /// `names` has a word for each bit from bit 0 on, `-` for bits that are not told.
  private static func append(_ bits: UInt32, _ names: StaticString, to text: inout [UInt8]) {
    let all = names.bytes
    var bit: UInt32 = 0
    for offset in 0..<all.byteCount {
      let byte = all.byte(at: offset)
      if byte == UInt8(ascii: " ") {
        if bits >> bit & 1 != 0 && text.last != UInt8(ascii: " ") && !text.isEmpty {
          text.append(byte)
        }
        bit += 1
      } else if bits >> bit & 1 != 0 && byte != UInt8(ascii: "-") {
        text.append(byte)
      }
    }
  }

  private static var leaf1EDXNames: StaticString {
    """
    fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts acpi \
    mmx fxsr sse sse2 ss ht tm ia64 pbe \

    """
  }

  private static var leaf1ECXNames: StaticString {
    """
    pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm - pcid dca \
    sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave - avx f16c rdrand hypervisor \

    """
  }

  // Bits that repeat those of leaf 1 are not told again.
  private static var extendedEDXNames: StaticString {
    """
    - - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm \
    3dnowext 3dnow \

    """
  }

  private static var extendedECXNames: StaticString {
    """
    lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop \
    skinit wdt - lwp fma4 tce - nodeid_msr - tbm topoext perfctr_core perfctr_nb - bpext ptsc \
    perfctr_llc mwaitx - - \

    """
  }

  private static var leaf7EBXNames: StaticString {
    """
    fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cqm - mpx rdt_a avx512f \
    avx512dq rdseed adx smap avx512ifma - clflushopt clwb intel_pt avx512pf avx512er avx512cd \
    sha_ni avx512bw avx512vl \

    """
  }

  private static var leaf7ECXNames: StaticString {
    """
    - avx512vbmi umip pku ospke waitpkg avx512_vbmi2 - gfni vaes vpclmulqdq avx512_vnni \
    avx512_bitalg tme avx512_vpopcntdq - la57 - - - - - rdpid - bus_lock_detect cldemote - movdiri \
    movdir64b enqcmd - - \

    """
  }

  private static var leaf7EDXNames: StaticString {
    """
    - - avx512_4vnniw avx512_4fmaps fsrm - - - avx512_vp2intersect - md_clear - - - serialize - - \
    - pconfig arch_lbr ibt - amx_bf16 avx512_fp16 amx_tile amx_int8 - - flush_l1d \
    arch_capabilities - - \

    """
  }

  private static var leafDEAXNames: StaticString { "xsaveopt xsavec xgetbv1 xsaves xfd " }
}
