// SPDX-License-Identifier: BSD-3-Clause

import Bytes

extension File {
  /// Lends the whole contents of a file to `body`, without a copy where they are the archive's.
  ///
  /// - Throws: what `contents(of:)` and `body` throw.
  public static func withContents<Result>(
    of path: FilePath, _ body: (RawSpan) throws(FileError) -> Result
  ) throws(FileError) -> Result {
    let contents = try contents(of: path)
    return try body(contents.bytes)
  }

  /// Whether there is a file or directory of that name.
  public static func exists(_ path: FilePath) -> Bool {
    (try? information(of: path)) != nil
  }

  /// Opens and reads a whole file, or lends it from the archive.
  ///
  /// - Throws: `noSuchFile`, `notDirectory`, `isDirectory`, `noSpace`, `inputOutput` and others
  ///   of the path.
  public static func contents(of path: FilePath) throws(FileError) -> FileContents {
    let file = try File(reading: path)
    return try file.contents()
  }

  /// A copy of the whole contents.
  func copyContents() throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: try information.byteCount)
    var done = 0
    while done < bytes.count {
      var elements = bytes.mutableSpan
      var whole = MutableRawSpan(_elements: &elements)
      var rest = whole._mutatingExtracting(done..<whole.byteCount)
      let count = try read(into: &rest, at: done)
      guard count > 0 else { break }
      done += count
    }
    if done < bytes.count { bytes.removeLast(bytes.count - done) }
    return bytes
  }

  /// The size of the contents in bytes.
  public var byteCount: Int {
    get throws(FileError) { try information.byteCount }
  }

  /// Reads into the start of an array, whose length does not change, from where the last read or
  /// write ended; returns how many bytes: 0 at the end.
  public mutating func read(into buffer: inout [UInt8]) throws(FileError) -> Int {
    var elements = buffer.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    return try read(into: &bytes)
  }

  /// Writes all bytes of a part of an array from where the last read or write ended.
  public mutating func write(_ bytes: ArraySlice<UInt8>) throws(FileError) {
    try write(RawSpan(_elements: bytes.span))
  }

  /// Writes a text from where the last read or write ended.
  public mutating func write(_ text: StaticString) throws(FileError) {
    try write(text.bytes)
  }
}
