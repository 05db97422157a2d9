// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// The x87, SSE and AVX registers of one thread (SDM 1 chapter 13).
///
/// The kernel uses none of them, so they are saved only when another thread runs, and for signal
/// frames.
// SAFETY (all below): control registers get only bits that CPUID reports; the area is whole frames of
// ours, large enough for all that XCR0 enables.
final class VectorState {
  /// Where the registers are kept, as a plain value.
  struct Area: BitwiseCopyable {
    fileprivate let address: UInt64
    fileprivate let hasXSAVE: Bool

    @inline(__always)
    func save() {
      // SAFETY: the area is page-aligned and large enough for all that XCR0 enables.
      if hasXSAVE { unsafe martlet_xsave(address) } else { unsafe martlet_fxsave(address) }
    }

    @inline(__always)
    func restore() {
      // SAFETY: the area holds a state that `save` wrote or `set` checked.
      if hasXSAVE { unsafe martlet_xrstor(address) } else { unsafe martlet_fxrstor(address) }
    }
  }

  let area: Area
  private let frame: FrameNumber
  private let frameCount: Int

  private static let size = KernelGlobal<Int>(512)
  private static let mask = KernelGlobal<UInt64>(0)

  static var byteCount: Int { size.value }
  static var features: UInt64 { mask.value }

  /// Turns on what the processor offers. AMX's tiles (8 KiB a thread) stay off, and so do the
  /// supervisor states.
  static func enable() {
    var cr4 = unsafe martlet_read_cr4() | 0x600  // OSFXSR, OSXMMEXCPT
    let features = unsafe martlet_cpuid(1, 0)
    if features.c & 1 << 26 != 0 {
      cr4 |= 1 << 18  // OSXSAVE
      // SAFETY: the bits are those that CPUID reports; XCR0 takes only reported ones.
      unsafe martlet_write_cr4(cr4)
      let supported = unsafe martlet_cpuid(0xd, 0)
      mask.value = UInt64(supported.a) & 0xe7
      unsafe martlet_write_xcr0(mask.value)
      size.value = Int(unsafe martlet_cpuid(0xd, 0).b)
    } else {
      // SAFETY: every x86_64 processor has FXSAVE and SSE.
      unsafe martlet_write_cr4(cr4)
    }
  }

  init?() {
    frameCount = (Self.byteCount + pageSize - 1) / pageSize
    guard let frames = FrameSupply.current.value else { return nil }
    guard let frame = frames.allocateContiguous(frameCount) else { return nil }
    self.frame = frame
    area = Area(
      address: UInt64(DirectMap.address(of: frame)), hasXSAVE: Self.features != 0)
    reset()
  }

  deinit {
    FrameSupply.current.value?.releaseContiguous(frame, frameCount)
  }

  /// The state that Linux gives a new program: all zero, control words at their defaults.
  func reset() {
    for index in 0..<frameCount { FrameMemory.zero(frame + index) }
    // SAFETY: the control words of the legacy area, which is ours.
    unsafe martlet_store_word(area.address, 0x37f)
    unsafe martlet_store_word(area.address + 24, 0x1f80)
    // XSTATE_BV: x87 and SSE are in the area, the rest is in its initial state.
    unsafe martlet_store_word(area.address + 512, 3)
  }

  @inline(__always)
  func save() { area.save() }

  @inline(__always)
  func restore() { area.restore() }

  func copy(into bytes: inout MutableRawSpan) {
    FrameMemory.withBytes(of: frame, count: frameCount) { source in
      bytes.copy(source.extracting(0..<min(Self.byteCount, bytes.byteCount)))
    }
  }

  func copy(from other: VectorState) {
    for index in 0..<frameCount { FrameMemory.copy(from: other.frame + index, to: frame + index) }
  }

  /// Takes a state from a signal frame. Returns false when XRSTOR would refuse it.
  func set(_ bytes: RawSpan) -> Bool {
    guard bytes.byteCount >= 512 && bytes.byteCount <= Self.byteCount else { return false }
    // MXCSR: reserved bits must be zero.
    guard bytes.littleEndian(at: 24, as: UInt32.self) & 0xffff_0000 == 0 else { return false }
    if bytes.byteCount >= 576 {
      guard bytes.littleEndian(at: 512, as: UInt64.self) & ~Self.features == 0 else {
        return false
      }
      // XCOMP_BV and the rest of the header are zero in the standard format.
      for offset in stride(from: 520, to: 576, by: 8) {
        guard bytes.littleEndian(at: offset, as: UInt64.self) == 0 else { return false }
      }
    }
    FrameMemory.withMutableBytes(of: frame, count: frameCount) { target in
      target.copy(bytes)
      if bytes.byteCount < 576 && Self.features != 0 {
        target.storeLittleEndian(UInt64(3), at: 512)
      }
    }
    return true
  }
}
