// SPDX-License-Identifier: BSD-3-Clause

/// What is wrong with a reply.
enum ProtocolError: Error, Equatable {
  /// It ends in the middle of a field, or its length says so.
  case truncated
  /// Its length is not that of what came.
  case badSize
  /// It is no answer to the request.
  case unexpectedType(UInt8)
  /// It answers another request.
  case unexpectedTag(UInt16)
  /// A name that no file can have.
  case badName
  /// The server refused: Linux's `errno`.
  case refused(UInt32)
}
