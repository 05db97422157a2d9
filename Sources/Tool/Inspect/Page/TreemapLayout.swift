// SPDX-License-Identifier: BSD-3-Clause

/// Divides a rectangle among values so that areas are in proportion and pieces nearly square.
///
/// Source: Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000.
enum TreemapLayout {
  struct Rectangle: Equatable, Sendable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    var area: Double { width * height }
  }

  /// One rectangle for each value, in their order.
  ///
  /// - Parameter values: positive; the pieces are squarest when the largest comes first.
  /// - Complexity: linear in the number of values but for long rows.
  static func rectangles(_ values: [Double], in frame: Rectangle) -> [Rectangle] {
    let sum = values.reduce(0, +)
    guard sum > 0, frame.area > 0 else {
      return values.map { _ in Rectangle(x: frame.x, y: frame.y, width: 0, height: 0) }
    }
    let areas = values.map { $0 * frame.area / sum }
    var result: [Rectangle] = []
    var free = frame
    var start = 0
    while start < areas.count {
      let side = min(free.width, free.height)
      var end = start + 1
      var rowArea = areas[start]
      var worst = worstRatio(areas[start..<end], rowArea, side)
      while end < areas.count {
        let next = worstRatio(areas[start...end], rowArea + areas[end], side)
        if next > worst { break }
        worst = next
        rowArea += areas[end]
        end += 1
      }
      result += row(areas[start..<end], rowArea, in: &free, isLast: end == areas.count)
      start = end
    }
    return result
  }

  /// How far from a square the worst piece of a row along `side` is; 1 is a square.
  private static func worstRatio(_ areas: ArraySlice<Double>, _ sum: Double, _ side: Double)
    -> Double
  {
    guard let largest = areas.max(), let smallest = areas.min(), smallest > 0 else {
      return .infinity
    }
    let square = side * side
    return max(square * largest / (sum * sum), sum * sum / (square * smallest))
  }

  /// Lays a row along the shorter side and takes it off the free space.
  private static func row(
    _ areas: ArraySlice<Double>, _ sum: Double, in free: inout Rectangle, isLast: Bool
  ) -> [Rectangle] {
    let isColumn = free.width >= free.height
    let side = isColumn ? free.height : free.width
    // Rounding may leave a sliver: the last row takes it.
    let depth = isLast ? (isColumn ? free.width : free.height) : side > 0 ? sum / side : 0
    var offset = 0.0
    let pieces = areas.map { area in
      let length = sum > 0 ? side * area / sum : 0
      defer { offset += length }
      return isColumn
        ? Rectangle(x: free.x, y: free.y + offset, width: depth, height: length)
        : Rectangle(x: free.x + offset, y: free.y, width: length, height: depth)
    }
    if isColumn {
      free.x += depth
      free.width = max(0, free.width - depth)
    } else {
      free.y += depth
      free.height = max(0, free.height - depth)
    }
    return pieces
  }
}
