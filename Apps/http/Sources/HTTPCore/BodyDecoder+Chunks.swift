// SPDX-License-Identifier: BSD-3-Clause

extension BodyDecoder {
  /// More digits than this are refused, also zeros: no size needs them, and readers differ about
  /// what they mean.
  private static var digitLimit: Int { 15 }

  /// Takes one byte of the chunked framing; `offset` counts from the body's first byte.
  mutating func takeFraming(_ byte: UInt8, at offset: Int) throws(RequestError) {
    switch phase {
    case .sizeStart, .size, .sizeBlank, .extensions, .sizeEnd: try takeSize(byte, offset)
    case .chunkEnd:
      guard byte == .carriageReturn else { throw RequestError(.badChunkEnd, at: offset) }
      phase = .chunkLineEnd
    case .chunkLineEnd:
      guard byte == .lineFeed else { throw RequestError(.badChunkEnd, at: offset) }
      phase = .sizeStart
    default: try takeTrailer(byte, offset)
    }
  }

  /// A byte of the line with a chunk's size.
  ///
  /// Source: RFC 9112 sections 7.1 and 7.1.1.
  private mutating func takeSize(_ byte: UInt8, _ offset: Int) throws(RequestError) {
    switch phase {
    case .sizeStart, .size:
      if let digit = byte.hexadecimalDigit {
        guard digits < Self.digitLimit else { throw RequestError(.badChunkSize, at: offset) }
        remaining = remaining << 4 | digit
        digits &+= 1
        phase = .size
      } else if phase == .size, byte == .carriageReturn {
        phase = .sizeEnd
      } else if phase == .size, byte == UInt8(ascii: ";") {
        phase = .extensions
      } else if phase == .size, byte.isBlank {
        phase = .sizeBlank
        try countExtension(offset)
      } else {
        throw RequestError(.badChunkSize, at: offset)
      }
    case .sizeBlank:
      // Blanks may stand before an extension, and nowhere else.
      try countExtension(offset)
      if byte == UInt8(ascii: ";") {
        phase = .extensions
      } else if !byte.isBlank {
        throw RequestError(.badChunkSize, at: offset)
      }
    case .extensions:
      if byte == .carriageReturn {
        phase = .sizeEnd
      } else {
        guard byte.isOf(ByteClass.fieldValue) else {
          throw RequestError(.badChunkExtension, at: offset)
        }
        try countExtension(offset)
      }
    default:
      guard byte == .lineFeed else { throw RequestError(.bareCarriageReturn, at: offset) }
      try startChunk(offset)
    }
  }

  private mutating func countExtension(_ offset: Int) throws(RequestError) {
    extensionByteCount &+= 1
    if extensionByteCount > limits.chunkExtensionByteCount {
      throw RequestError(.longChunkExtensions, at: offset)
    }
  }

  private mutating func startChunk(_ offset: Int) throws(RequestError) {
    digits = 0
    if remaining == 0 {
      phase = .trailerStart
      return
    }
    // Neither overflows: the total is within its limit, the size has fifteen digits.
    if remaining > limits.bodyByteCount &- total { throw RequestError(.longBody, at: offset) }
    total &+= remaining
    phase = .chunkContent
  }

  /// A byte of the trailer section.
  ///
  /// Source: RFC 9112 section 7.1.2, RFC 9110 section 6.5.
  private mutating func takeTrailer(_ byte: UInt8, _ offset: Int) throws(RequestError) {
    trailerByteCount &+= 1
    if trailerByteCount > limits.fieldsByteCount { throw RequestError(.longFields, at: offset) }
    switch phase {
    case .trailerStart: try startTrailer(byte, offset)
    case .trailerName:
      if byte == UInt8(ascii: ":") {
        if let known = KnownField(trailerName), known.isForbiddenInTrailers {
          throw RequestError(.forbiddenTrailer, at: offset)
        }
        phase = .trailerValue
      } else {
        guard byte.isOf(ByteClass.token) else { throw RequestError(.badFieldName, at: offset) }
        trailerName.append(byte)
      }
    case .trailerValue:
      if byte == .carriageReturn {
        phase = .trailerEnd
      } else if !byte.isOf(ByteClass.fieldValue) {
        throw RequestError(byte == .lineFeed ? .bareLineFeed : .badFieldValue, at: offset)
      }
    case .trailerEnd:
      guard byte == .lineFeed else { throw RequestError(.bareCarriageReturn, at: offset) }
      phase = .trailerStart
    default:
      guard byte == .lineFeed else { throw RequestError(.bareCarriageReturn, at: offset) }
      phase = .complete
    }
  }

  /// The first byte of a line: of a trailer field, or of the empty line.
  private mutating func startTrailer(_ byte: UInt8, _ offset: Int) throws(RequestError) {
    if byte == .carriageReturn {
      phase = .lastEnd
      return
    }
    if byte.isBlank {
      throw RequestError(trailerCount == 0 ? .leadingBlank : .foldedLine, at: offset)
    }
    if byte == .lineFeed { throw RequestError(.bareLineFeed, at: offset) }
    guard byte.isOf(ByteClass.token) else { throw RequestError(.badFieldName, at: offset) }
    if trailerCount >= limits.fieldCount { throw RequestError(.manyFields, at: offset) }
    trailerCount &+= 1
    trailerName = FieldNameKey()
    trailerName.append(byte)
    phase = .trailerName
  }
}
