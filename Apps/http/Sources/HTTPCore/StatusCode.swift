// SPDX-License-Identifier: BSD-3-Clause

/// A response's status code, 100 to 999.
///
/// Source: RFC 9110 section 15.
public struct StatusCode: RawRepresentable, Equatable, Sendable {
  public let rawValue: UInt16

  /// Any code of three digits. Traps on another number.
  public init(rawValue: UInt16) {
    precondition(rawValue >= 100 && rawValue <= 999, "a status code has three digits")
    self.rawValue = rawValue
  }

  private init(_ code: UInt16) { rawValue = code }

  public static var `continue`: Self { Self(100) }
  public static var ok: Self { Self(200) }
  public static var created: Self { Self(201) }
  public static var accepted: Self { Self(202) }
  public static var noContent: Self { Self(204) }
  public static var partialContent: Self { Self(206) }
  public static var movedPermanently: Self { Self(301) }
  public static var found: Self { Self(302) }
  public static var seeOther: Self { Self(303) }
  public static var notModified: Self { Self(304) }
  public static var temporaryRedirect: Self { Self(307) }
  public static var permanentRedirect: Self { Self(308) }
  public static var badRequest: Self { Self(400) }
  public static var unauthorized: Self { Self(401) }
  public static var forbidden: Self { Self(403) }
  public static var notFound: Self { Self(404) }
  public static var methodNotAllowed: Self { Self(405) }
  public static var notAcceptable: Self { Self(406) }
  public static var requestTimeout: Self { Self(408) }
  public static var conflict: Self { Self(409) }
  public static var gone: Self { Self(410) }
  public static var lengthRequired: Self { Self(411) }
  public static var preconditionFailed: Self { Self(412) }
  public static var contentTooLarge: Self { Self(413) }
  public static var uriTooLong: Self { Self(414) }
  public static var unsupportedMediaType: Self { Self(415) }
  public static var rangeNotSatisfiable: Self { Self(416) }
  public static var expectationFailed: Self { Self(417) }
  public static var unprocessableContent: Self { Self(422) }
  public static var upgradeRequired: Self { Self(426) }
  public static var tooManyRequests: Self { Self(429) }
  public static var requestHeaderFieldsTooLarge: Self { Self(431) }
  public static var internalServerError: Self { Self(500) }
  public static var notImplemented: Self { Self(501) }
  public static var badGateway: Self { Self(502) }
  public static var serviceUnavailable: Self { Self(503) }
  public static var gatewayTimeout: Self { Self(504) }
  public static var httpVersionNotSupported: Self { Self(505) }

  /// Whether a response with it never has content: 1xx, 204 and 304.
  ///
  /// Source: RFC 9110 section 6.4.1.
  public var excludesContent: Bool { rawValue < 200 || rawValue == 204 || rawValue == 304 }

  /// The usual phrase, ASCII; empty for a code that is not one of the above.
  public var reason: String {
    switch rawValue {
    case 100: "Continue"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400..<500: clientErrorReason
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }

  private var clientErrorReason: String {
    switch rawValue {
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 411: "Length Required"
    case 412: "Precondition Failed"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Range Not Satisfiable"
    case 417: "Expectation Failed"
    case 422: "Unprocessable Content"
    case 426: "Upgrade Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    default: ""
    }
  }
}
