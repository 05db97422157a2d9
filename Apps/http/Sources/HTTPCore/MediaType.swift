// SPDX-License-Identifier: BSD-3-Clause

/// The type of a file's content, told by the end of its name.
///
/// Source: RFC 9110 section 8.3.1; the IANA registry of media types.
public enum MediaType: UInt8, CaseIterable, Sendable {
  case html, css, javascript, json, plainText, markdown, csv, xml, svg, png, jpeg, gif, webp
  case avif, icon, bitmap, wasm, pdf, zip, gzip, tar, woff, woff2, trueType, openType, mp3
  case ogg, wav, mp4, webm, webManifest, unknown

  /// The type of the file at `path`, by what stands behind the last dot of its last segment;
  /// `unknown` when there is none, or one that is not in the table. Case does not matter.
  public init(path: RawSpan) {
    let bytes = path.octets
    var start = bytes.count
    while start > 0, bytes[start &- 1] != UInt8(ascii: "."), bytes[start &- 1] != UInt8(ascii: "/")
    {
      start &-= 1
    }
    // A name that begins with its only dot has no extension, and the root has no name.
    guard start > 1, bytes[start &- 1] == UInt8(ascii: "."), bytes[start &- 2] != UInt8(ascii: "/")
    else {
      self = .unknown
      return
    }
    self.init(FieldNameKey(Extent(start..<bytes.count), of: bytes))
  }

  private init(_ key: FieldNameKey) {
    self =
      switch key.first {
      case word("h", "t", "m", "l"), word("h", "t", "m"): .html
      case word("c", "s", "s"): .css
      case word("j", "s"), word("m", "j", "s"): .javascript
      case word("j", "s", "o", "n"), word("m", "a", "p"): .json
      case word("t", "x", "t"), word("t", "e", "x", "t"), word("l", "o", "g"): .plainText
      case word("m", "d"): .markdown
      case word("c", "s", "v"): .csv
      case word("x", "m", "l"): .xml
      case word("s", "v", "g"): .svg
      case word("p", "n", "g"): .png
      case word("j", "p", "g"), word("j", "p", "e", "g"): .jpeg
      case word("g", "i", "f"): .gif
      case word("w", "e", "b", "p"): .webp
      case word("a", "v", "i", "f"): .avif
      case word("i", "c", "o"): .icon
      case word("b", "m", "p"): .bitmap
      case word("w", "a", "s", "m"): .wasm
      case word("p", "d", "f"): .pdf
      case word("z", "i", "p"): .zip
      case word("g", "z"), word("t", "g", "z"): .gzip
      case word("t", "a", "r"): .tar
      case word("w", "o", "f", "f"): .woff
      case word("w", "o", "f", "f", "2"): .woff2
      case word("t", "t", "f"): .trueType
      case word("o", "t", "f"): .openType
      case word("m", "p", "3"): .mp3
      case word("o", "g", "g"): .ogg
      case word("w", "a", "v"): .wav
      case word("m", "p", "4"): .mp4
      case word("w", "e", "b", "m"): .webm
      case word("w", "e", "b", "m", "a", "n", "i", "f"):
        key.second == word("e", "s", "t") ? .webManifest : .unknown
      default: .unknown
      }
  }

  /// What a Content-Type field says.
  public var text: String {
    switch self {
    case .html: "text/html; charset=utf-8"
    case .css: "text/css; charset=utf-8"
    case .javascript: "text/javascript; charset=utf-8"
    case .json: "application/json"
    case .plainText: "text/plain; charset=utf-8"
    case .markdown: "text/markdown; charset=utf-8"
    case .csv: "text/csv; charset=utf-8"
    case .xml: "application/xml"
    case .svg: "image/svg+xml"
    case .png: "image/png"
    case .jpeg: "image/jpeg"
    case .gif: "image/gif"
    case .webp: "image/webp"
    case .avif: "image/avif"
    case .icon: "image/x-icon"
    case .bitmap: "image/bmp"
    case .wasm: "application/wasm"
    case .pdf: "application/pdf"
    case .zip: "application/zip"
    case .gzip: "application/gzip"
    case .tar: "application/x-tar"
    case .woff: "font/woff"
    case .woff2: "font/woff2"
    case .trueType: "font/ttf"
    case .openType: "font/otf"
    case .mp3: "audio/mpeg"
    case .ogg: "audio/ogg"
    case .wav: "audio/wav"
    case .mp4: "video/mp4"
    case .webm: "video/webm"
    case .webManifest: "application/manifest+json"
    case .unknown: "application/octet-stream"
    }
  }
}
