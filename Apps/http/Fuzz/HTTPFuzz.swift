// SPDX-License-Identifier: BSD-3-Clause

// A libFuzzer target for the HTTP core. The same property as `MutationFuzzTests`: nothing traps,
// the pieces that a request comes in make no difference. Compiled with the core as one module, as
// ordinary Swift (libFuzzer with Embedded Swift hangs):
//
//   swiftc -sanitize=fuzzer,address -parse-as-library -O -g -swift-version 6 \
//     -enable-experimental-feature Lifetimes -module-name HTTPCore Sources/HTTPCore/*.swift \
//     Tests/HTTPCoreTests/Conversation.swift Fuzz/HTTPFuzz.swift -o /tmp/http-fuzz
//   /tmp/http-fuzz -max_len=4096 -max_total_time=60 /tmp/found Tests/HTTPCoreTests/Corpus/*

/// The first byte says where the rest is split.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // SAFETY: libFuzzer lends `count` bytes at `start` for the call; they are copied.
  let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let first = input.first else { return 0 }
  let bytes = Array(input.dropFirst())
  var limits = RequestLimits()
  limits.requestLineByteCount = 256
  limits.fieldsByteCount = 512
  limits.fieldCount = 8
  limits.bodyByteCount = 64
  limits.chunkExtensionByteCount = 16
  let whole = Conversation(bytes, limits: limits)
  precondition(whole.consumedByteCount <= bytes.count, "more was consumed than came")
  let split = bytes.count * Int(first) / 256
  let pieces = Conversation(bytes, splits: [split], limits: limits)
  precondition(pieces == whole, "two pieces make a difference")
  let single = Conversation(bytes, splits: Array(0..<bytes.count), limits: limits)
  precondition(single == whole, "single bytes make a difference")
  checkValues(bytes)
  return 0
}

/// The parsers of single values: only that they do not trap, and what they promise.
private func checkValues(_ bytes: [UInt8]) {
  let span = RawSpan(_elements: bytes.span)
  if case .part(let range) = ByteRange(parsing: span, length: 1000) {
    precondition(!range.isEmpty && range.upperBound <= 1000, "a range lies outside")
  }
  _ = HTTPDate(parsing: span, now: 0)
  _ = EntityTag(parsing: span) != nil
  _ = MediaType(path: span)
  var path: [UInt8] = []
  if (try? TargetPath.normalize(span, into: &path)) != nil {
    precondition(path.first == UInt8(ascii: "/"), "a path is not absolute")
  }
  var reader = JSONReader(span)
  while let event = try? reader.next() {
    if case .string(let string) = event { reader.append(string, to: &path) }
    if case .number(let number) = event { _ = reader.integer(number) }
  }
}
