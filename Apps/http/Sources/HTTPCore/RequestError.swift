// SPDX-License-Identifier: BSD-3-Clause

/// Why a request was refused, and where.
///
/// The connection cannot be used for another request after it: where the next one would begin is
/// not known. A server answers with `status` and closes.
public struct RequestError: Error, Equatable, Sendable {
  /// What was wrong.
  public let reason: Reason
  /// The byte at which it was seen. In a head it counts from the first unconsumed byte, in a body
  /// from the body's first byte, with all framing counted.
  public let offset: Int

  public init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  /// What to answer.
  public var status: StatusCode { reason.status }

  /// Each kind of refusal.
  public enum Reason: UInt8, CaseIterable, Sendable {
    /// Not a token, or no single space behind it. RFC 9112 section 3.1.
    case badMethod
    /// Longer than any method that there is. RFC 9112 section 3.
    case longMethod
    /// CONNECT, which needs a proxy. RFC 9110 section 9.3.6.
    case connectMethod
    /// A character that no target has, or none of the four forms. RFC 9112 section 3.2.
    case badTarget
    /// Not `HTTP/`, digit, point, digit. RFC 9112 section 2.3.
    case badVersion
    /// A version other than 1.0 and 1.1. RFC 9110 section 15.6.6.
    case unsupportedVersion
    /// The request line is over its limit. RFC 9112 section 3.
    case longRequestLine
    /// A line feed without a carriage return before it. RFC 9112 section 2.2.
    case bareLineFeed
    /// A carriage return without a line feed behind it. RFC 9112 section 2.2.
    case bareCarriageReturn
    /// A space or tab before the first field. RFC 9112 section 2.2.
    case leadingBlank
    /// A line that continues the one before. RFC 9112 section 5.2.
    case foldedLine
    /// A field name that is empty or not a token, also by a space before its colon.
    /// RFC 9112 section 5.1.
    case badFieldName
    /// A control character in a field value. RFC 9110 section 5.5.
    case badFieldValue
    /// The field section is over its limit in bytes. RFC 6585 section 5.
    case longFields
    /// More fields than the limit. RFC 6585 section 5.
    case manyFields
    /// No Host in a request of version 1.1. RFC 9112 section 3.2.
    case missingHost
    /// A second Host. RFC 9112 section 3.2.
    case duplicateHost
    /// A Host, or the authority of a target, that is no host and port. RFC 9110 section 7.2.
    case badHost
    /// Not digits only, or too large for an integer. RFC 9112 section 6.3.
    case badContentLength
    /// A second Content-Length, also an equal one. RFC 9112 section 6.3.
    case duplicateContentLength
    /// Transfer codings whose last is not chunked, or two such fields. RFC 9112 section 6.3.
    case badTransferEncoding
    /// Codings before chunked. RFC 9112 section 6.1.
    case unsupportedTransferEncoding
    /// Transfer-Encoding in a request of version 1.0. RFC 9112 section 6.1.
    case transferEncodingInOldVersion
    /// Both Content-Length and Transfer-Encoding. RFC 9112 section 6.3.
    case lengthAndTransferEncoding
    /// An expectation other than 100-continue. RFC 9110 section 10.1.1.
    case unknownExpectation
    /// A body over its limit. RFC 9110 section 15.5.14.
    case longBody
    /// A chunk size that is not hexadecimal, or too long. RFC 9112 section 7.1.
    case badChunkSize
    /// A chunk extension with a control character. RFC 9112 section 7.1.1.
    case badChunkExtension
    /// Chunk extensions over their limit. RFC 9112 section 7.1.1.
    case longChunkExtensions
    /// No line end behind a chunk's data. RFC 9112 section 7.1.
    case badChunkEnd
    /// A trailer field that frames or routes a message. RFC 9110 section 6.5.1.
    case forbiddenTrailer

    /// What to answer.
    public var status: StatusCode {
      switch self {
      case .longMethod, .connectMethod, .unsupportedTransferEncoding: .notImplemented
      case .unsupportedVersion: .httpVersionNotSupported
      case .longRequestLine: .uriTooLong
      case .longFields, .manyFields, .longChunkExtensions: .requestHeaderFieldsTooLarge
      case .unknownExpectation: .expectationFailed
      case .longBody: .contentTooLarge
      default: .badRequest
      }
    }
  }
}
