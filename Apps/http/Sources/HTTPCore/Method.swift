// SPDX-License-Identifier: BSD-3-Clause

/// A request method. Case matters in methods: `get` is `other`.
///
/// Source: RFC 9110 section 9.3, RFC 5789 (PATCH).
public enum Method: UInt8, Sendable {
  case get, head, post, put, delete, options, trace, patch
  /// A token that is none of these; `RequestHead.methodText` says which.
  case other

  /// The method of that name. (CONNECT is not among them; the parser refuses it.)
  init(_ word: UInt64) {
    switch word {
    case HTTPCore.word("G", "E", "T"): self = .get
    case HTTPCore.word("H", "E", "A", "D"): self = .head
    case HTTPCore.word("P", "O", "S", "T"): self = .post
    case HTTPCore.word("P", "U", "T"): self = .put
    case HTTPCore.word("D", "E", "L", "E", "T", "E"): self = .delete
    case HTTPCore.word("O", "P", "T", "I", "O", "N", "S"): self = .options
    case HTTPCore.word("T", "R", "A", "C", "E"): self = .trace
    case HTTPCore.word("P", "A", "T", "C", "H"): self = .patch
    default: self = .other
    }
  }
}
