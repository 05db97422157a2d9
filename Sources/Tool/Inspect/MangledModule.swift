// SPDX-License-Identifier: BSD-3-Clause

/// The module in which a Swift symbol is defined.
///
/// The compiler puts a specialised copy of a generic function into the module that asked for it,
/// here mostly the image's own; its name still begins with where it was written. Source: Swift's
/// `docs/ABI/Mangling.rst`, "Identifiers".
enum MangledModule {
  /// `$s` or, in Embedded Swift, `$e`; then the length of the module's name and the name. `nil`
  /// for other symbols; the standard library, which is abbreviated, is "Toolchain".
  static func name(of symbol: String) -> String? {
    var rest = Substring(symbol)
    guard rest.hasPrefix("$s") || rest.hasPrefix("$e") else { return nil }
    rest = rest.dropFirst(2)
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int(digits) else {
      return rest.first == "s" || rest.first == "S" ? "Toolchain" : nil
    }
    // A zero announces a name with word substitutions, which no module of ours has.
    guard count > 0, digits.first != "0" else { return nil }
    let name = rest.dropFirst(digits.count).prefix(count)
    return name.count == count ? String(name) : nil
  }
}
