// SPDX-License-Identifier: BSD-3-Clause

public import HTTPCore
public import HTTPTypes

extension HTTPRequest {
  /// The request that a parsed head stands for, in the types of swift-http-types.
  ///
  /// Host is the authority and not among the fields, as in HTTP/2; all other fields are, in their
  /// order, also those that frame the body. The path has the query. Allocates for every part.
  ///
  /// - Parameters:
  ///   - head: What the parser made of `bytes`.
  ///   - bytes: What the parser was given.
  ///   - scheme: `http` or `https`: a head does not say how it came.
  public init(_ head: RequestHead, of bytes: RawSpan, scheme: String) {
    let authority = head.authority.isEmpty ? nil : Self.text(head.authority, bytes)
    var path = Self.text(head.target, bytes)
    if head.targetForm == .absolute {
      let query = head.query.map { "?" + Self.text($0, bytes) } ?? ""
      // RFC 9110 section 4.2.3: an empty path is the same as `/`.
      path = (head.path.isEmpty ? "/" : Self.text(head.path, bytes)) + query
    }
    // The parser took the method for a token, so it is one here too.
    let method = Method(Self.text(head.methodText, bytes)) ?? .get
    self.init(method: method, scheme: scheme, authority: authority, path: path)
    var fields = head.fields(of: bytes)
    while let field = fields.next() {
      guard let name = HTTPField.Name(Self.text(field.name, bytes)), name.canonicalName != "host"
      else {
        continue
      }
      headerFields.append(HTTPField(name: name, lenientValue: Self.octets(field.value, bytes)))
    }
  }

  private static func octets(_ extent: Extent, _ bytes: RawSpan) -> [UInt8] {
    let part = Span<UInt8>(_bytes: extent.bytes(of: bytes))
    var result: [UInt8] = []
    result.reserveCapacity(part.count)
    for index in part.indices { result.append(part[index]) }
    return result
  }

  private static func text(_ extent: Extent, _ bytes: RawSpan) -> String {
    String(decoding: octets(extent, bytes), as: UTF8.self)
  }
}
