// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import ELF
import Glibc
import Testing

@testable import LinuxVDSO

/// The shared object, read as a C library reads it: by program headers, then by its dynamic
/// section.
private struct SharedObject {
  var bytes = [UInt8](repeating: 0, count: pageSize)
  private var dynamic: [UInt64: Int] = [:]

  init() {
    var all = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &all)
    VDSO.copyImage(into: &span)
    for index in 0..<Int(word(56, as: UInt16.self)) {
      let header = Int(word(32, as: UInt64.self)) + index * 56
      // PT_DYNAMIC
      guard word(header, as: UInt32.self) == 2 else { continue }
      var entry = Int(word(header + 8, as: UInt64.self))
      while word(entry, as: UInt64.self) != 0 {
        dynamic[word(entry)] = Int(word(entry + 8, as: UInt64.self))
        entry += 16
      }
    }
  }

  func word<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type = T.self) -> T {
    RawSpan(_elements: bytes.span).littleEndian(at: offset, as: T.self)
  }

  /// The value of a tag of the dynamic section.
  func tag(_ tag: UInt64) -> Int? { dynamic[tag] }

  func text(_ offset: Int) -> String {
    let start = (tag(5) ?? 0) + offset
    return String(decoding: bytes[start...].prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The hash of System V gABI chapter 5, "Hash Table".
  static func hash(_ name: String) -> UInt32 {
    var hash: UInt32 = 0
    for byte in name.utf8 {
      hash = (hash << 4) &+ UInt32(byte)
      let high = hash & 0xf000_0000
      hash = (hash ^ high >> 24) & ~high
    }
    return hash
  }

  /// Looks a symbol up through the hash table, with version LINUX_2.6. Returns its address.
  func address(of name: String) -> Int? {
    guard let table = tag(4), let symbols = tag(6), let versions = tag(0x6fff_fff0) else {
      return nil
    }
    let buckets: UInt32 = word(table)
    var index: UInt32 = word(table + 8 + 4 * Int(Self.hash(name) % buckets))
    while index != 0 {
      let symbol = symbols + 24 * Int(index)
      if text(Int(word(symbol, as: UInt32.self))) == name {
        // A function, global or weak, that is defined.
        let info: UInt8 = word(symbol + 4)
        guard info & 15 == 2, info >> 4 == 1 || info >> 4 == 2,
          word(symbol + 6, as: UInt16.self) != 0,
          version(word(versions + 2 * Int(index))) == "LINUX_2.6"
        else { return nil }
        return Int(word(symbol + 8, as: UInt64.self))
      }
      index = word(table + 8 + 4 * (Int(buckets) + Int(index)))
    }
    return nil
  }

  private func version(_ index: UInt16) -> String? {
    guard var definition = tag(0x6fff_fffc) else { return nil }
    while true {
      if word(definition + 4, as: UInt16.self) == index & 0x7fff {
        let name = definition + Int(word(definition + 12, as: UInt32.self))
        return text(Int(word(name, as: UInt32.self)))
      }
      let next: UInt32 = word(definition + 16)
      if next == 0 { return nil }
      definition += Int(next)
    }
  }
}

private let symbols = ["clock_gettime", "gettimeofday", "time", "clock_getres", "getcpu"]

@Suite struct TimeVDSOImageTests {
  @Test func itIsOneReadExecuteSegmentFromAddressZero() throws {
    let image = try ELFImage(parsing: RawSpan(_elements: SharedObject().bytes.span))
    #expect(image.header.kind == .relocatable)
    #expect(image.segments.count == 1)
    #expect(image.segments[0].address == 0)
    #expect(image.segments[0].fileOffset == 0)
    let byteCount = image.segments[0].fileByteCount
    #expect((byteCount + 7) / 8 == SharedObjectImage.wordCount)
    #expect(image.segments[0].permissions == [.read, .execute])
    #expect(!image.wantsExecutableStack)
    #expect(image.interpreter == nil)
  }

  @Test(arguments: symbols)
  func aSymbolIsFoundByHashAndVersionUnderBothNames(name: String) throws {
    let object = SharedObject()
    let address = try #require(object.address(of: name))
    #expect(address > 0 && address < SharedObjectImage.wordCount * 8)
    #expect(object.address(of: "__vdso_" + name) == address)
  }

  @Test func otherSymbolsAreNotFound() {
    #expect(SharedObject().address(of: "clock_page") == nil)
    #expect(SharedObject().address(of: "__vdso_getrandom") == nil)
  }

  /// DT_RELA, DT_REL, DT_JMPREL, DT_TEXTREL, DT_NEEDED
  @Test func nothingIsToBeRelocated() {
    for tag: UInt64 in [7, 17, 23, 22, 1] { #expect(SharedObject().tag(tag) == nil) }
    #expect(SharedObject().tag(14).map(SharedObject().text) == "linux-vdso.so.1")
  }
}

#if arch(x86_64) && os(Linux)
  /// Runs the object's code on this machine, behind a page of numbers that the test chose.
  @Suite struct TimeVDSOCodeTests {
    private struct Page {
      let base: UnsafeMutableRawPointer

      /// `multiplier` 0 makes the clock stand still at `nanoseconds`.
      init(nanoseconds: UInt64, multiplier: UInt64 = 0, wallOffset: Int64 = 0) throws {
        let pages = unsafe mmap(
          nil, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        unsafe base = try #require(pages)
        let words: [UInt64] = [
          1, 0, nanoseconds, multiplier, UInt64(bitPattern: wallOffset),
        ]
        for (index, word) in words.enumerated() {
          unsafe base.storeBytes(of: word, toByteOffset: index * 8, as: UInt64.self)
        }
        for (index, byte) in SharedObject().bytes.enumerated() {
          unsafe base.storeBytes(of: byte, toByteOffset: pageSize + index, as: UInt8.self)
        }
        let status = unsafe mprotect(base + pageSize, pageSize, PROT_READ | PROT_EXEC)
        try #require(status == 0)
      }

      typealias ClockCall = @convention(c) (Int32, UnsafeMutablePointer<timespec>?) -> Int32
      typealias DayCall =
        @convention(c) (UnsafeMutablePointer<timeval>?, UnsafeMutablePointer<timezone>?) -> Int32
      typealias TimeCall = @convention(c) (UnsafeMutablePointer<Int>?) -> Int
      typealias ProcessorCall =
        @convention(c) (
          UnsafeMutablePointer<UInt32>?, UnsafeMutablePointer<UInt32>?, UnsafeRawPointer?
        ) -> Int32

      func function<T>(_ name: String, as type: T.Type) throws -> T {
        let address = try #require(SharedObject().address(of: name))
        return unsafe unsafeBitCast(base + pageSize + address, to: T.self)
      }
    }

    @Test(arguments: [0, 1, 4, 5, 6, 7, 11] as [Int32])
    func clocksAreComputedFromThePage(clock: Int32) throws {
      let page = try Page(nanoseconds: 5_999_999_999, wallOffset: 1_700_000_000_000_000_001)
      var time = timespec()
      #expect(unsafe try page.function("clock_gettime", as: Page.ClockCall.self)(clock, &time) == 0)
      let isWall = [0, 5, 11].contains(clock)
      #expect(time.tv_sec == (isWall ? 1_700_000_006 : 5))
      #expect(time.tv_nsec == (isWall ? 0 : 999_999_999))
    }

    /// They go on to the system call: here, this machine's own.
    @Test func otherClocksAndErrorsAreTheKernels() throws {
      let page = try Page(nanoseconds: 5)
      let call = unsafe try page.function("__vdso_clock_gettime", as: Page.ClockCall.self)
      var time = timespec(tv_sec: -1, tv_nsec: -1)
      #expect(unsafe call(3, &time) == 0)
      #expect(time.tv_sec >= 0 && time.tv_nsec >= 0)
      for clock: Int32 in [10, 12, 31, 32, 100, -1] {
        #expect(unsafe call(clock, &time) == -EINVAL)
      }
      #expect(unsafe call(2, nil) == -EFAULT)
    }

    @Test func theCounterAdvancesTheClock() throws {
      let page = try Page(nanoseconds: 0, multiplier: 1 << 32)
      let call = unsafe try page.function("clock_gettime", as: Page.ClockCall.self)
      var last: Int64 = 0
      for _ in 0..<1000 {
        var time = timespec()
        #expect(unsafe call(1, &time) == 0)
        #expect(time.tv_nsec < 1_000_000_000)
        let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        #expect(now >= last)
        last = now
      }
      #expect(last > 0)
    }

    @Test func timeOfDayAndTime() throws {
      let page = try Page(nanoseconds: 1_999_999, wallOffset: 1_600_000_000_000_000_000)
      let call = unsafe try page.function("gettimeofday", as: Page.DayCall.self)
      var time = timeval()
      var zone = timezone(tz_minuteswest: 9, tz_dsttime: 9)
      #expect(unsafe call(&time, &zone) == 0)
      #expect(time.tv_sec == 1_600_000_000 && time.tv_usec == 1_999)
      #expect(zone.tz_minuteswest == 0 && zone.tz_dsttime == 0)
      #expect(unsafe call(nil, nil) == 0)
      let seconds = unsafe try page.function("time", as: Page.TimeCall.self)
      var stored = 0
      #expect(unsafe seconds(&stored) == 1_600_000_000)
      #expect(stored == 1_600_000_000)
      #expect(unsafe seconds(nil) == 1_600_000_000)
    }

    @Test func resolutionAndProcessor() throws {
      let page = try Page(nanoseconds: 0)
      let resolution = unsafe try page.function("clock_getres", as: Page.ClockCall.self)
      var time = timespec(tv_sec: 7, tv_nsec: 7)
      #expect(unsafe resolution(1, &time) == 0)
      #expect(time.tv_sec == 0 && time.tv_nsec == 1)
      #expect(unsafe resolution(0, nil) == 0)
      #expect(unsafe resolution(77, &time) == -EINVAL)
      let processor = unsafe try page.function("getcpu", as: Page.ProcessorCall.self)
      var number: UInt32 = 9
      var node: UInt32 = 9
      #expect(unsafe processor(&number, &node, nil) == 0)
      #expect(number == 0 && node == 0)
      #expect(unsafe processor(nil, nil, nil) == 0)
    }
  }
#endif
