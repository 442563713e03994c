import Layers

/// Which numbers of an image's row a panel's row is made of.
///
/// What lies inside the image is one stretch, and is read to where it belongs. What lies beyond comes from that stretch
/// where it can (a reflection mostly does), or from stretches that are read aside (the far end of a circular image).
struct RowGather: Sendable {
  /// The stretch of columns inside the image.
  let inside: Range<Int>
  /// Where it begins in the panel's row.
  let offset: Int
  /// Places of the panel's row that repeat another of its places.
  private(set) var repeats: [(target: Int32, source: Int32)] = []
  /// Stretches that are read aside, one after another.
  private(set) var asides: [Range<Int>] = []
  /// Places of the panel's row that stand in what was read aside.
  private(set) var fromAsides: [(target: Int32, source: Int32)] = []
  /// Places that are zero.
  private(set) var zeros: [Int32] = []

  /// Numbers that are read aside for a channel.
  var asideCount: Int { asides.reduce(0) { $0 + $1.count } }

  /// A panel's row of `width` numbers whose first stands at column `first` of the image, or beyond.
  init(first: Int, width: Int, columns: Int, boundary: Boundary) {
    inside = max(first, 0)..<min(first + width, columns)
    offset = inside.lowerBound - first
    var distant: [(target: Int32, column: Int)] = []
    for target in Array(0..<offset) + Array(offset + inside.count..<width) {
      guard let column = boundary.source(of: first + target, count: columns) else {
        zeros.append(Int32(target))
        continue
      }
      if inside.contains(column) {
        repeats.append((Int32(target), Int32(column - first)))
      } else {
        distant.append((Int32(target), column))
      }
    }
    var places: [Int: Int32] = [:]
    var count: Int32 = 0
    for column in Set(distant.map(\.column)).sorted() {
      if let last = asides.last, last.upperBound == column {
        asides[asides.count - 1] = last.lowerBound..<column + 1
      } else {
        asides.append(column..<column + 1)
      }
      places[column] = count
      count += 1
    }
    fromAsides = distant.map { ($0.target, places[$0.column]!) }
  }
}
