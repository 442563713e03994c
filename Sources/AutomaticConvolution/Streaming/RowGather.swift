import SpectralConvolution

/// Which numbers of an array's row a panel's row is made of.
///
/// What lies inside the array is one run, and is read to where it belongs. What lies beyond comes from that run
/// where it can (a reflection mostly does), or from runs that are read separately (the far end of a circular array).
struct RowGather: Sendable {
  /// Places of the panel's row, and where their numbers stand: each a step after the one before.
  struct Run: Hashable, Sendable {
    let target: Int
    let source: Int
    /// 1, -1 for a reflection, or 0 for a repeated number.
    let step: Int
    let count: Int
  }

  /// The run of columns inside the array.
  let inside: Range<Int>
  /// Where it begins in the panel's row.
  let offset: Int
  /// Places that repeat other places of the panel's row.
  private(set) var repeats: [Run] = []
  /// Stretches of columns that are read aside, one after another.
  private(set) var asides: [Range<Int>] = []
  /// Places whose numbers stand in what was read aside.
  private(set) var fromAsides: [Run] = []
  /// Places that hold the boundary's own number.
  private(set) var constants: [Range<Int>] = []

  /// Numbers that are read aside for a channel.
  var asideCount: Int { asides.reduce(0) { $0 + $1.count } }

  /// A panel's row of `width` numbers whose first stands at column `first` of the array, or beyond.
  init(first: Int, width: Int, columns: Int, boundary: Boundary) {
    inside = max(first, 0)..<min(first + width, columns)
    offset = inside.lowerBound - first
    for halo in [0..<offset, offset + inside.count..<width] {
      var start = halo.lowerBound
      while start < halo.upperBound {
        let count = length(from: start, to: halo.upperBound, first, columns, boundary)
        defer { start += count }
        guard let column = boundary.source(of: first + start, count: columns) else {
          constants.append(start..<start + count)
          continue
        }
        let last = boundary.source(of: first + start + count - 1, count: columns)!
        let step = (last - column).signum()
        if inside.contains(column) {
          repeats.append(Run(target: start, source: column - first, step: step, count: count))
        } else {
          let stretch = min(column, last)..<max(column, last) + 1
          fromAsides.append(
            Run(target: start, source: asideCount + column - stretch.lowerBound, step: step, count: count))
          asides.append(stretch)
        }
      }
    }
  }

  /// How many places from one on are of the same kind, their numbers each a step after the one before.
  private func length(from start: Int, to end: Int, _ first: Int, _ columns: Int, _ boundary: Boundary) -> Int {
    func source(_ place: Int) -> Int? { boundary.source(of: first + place, count: columns) }
    var previous = source(start)
    var step: Int?
    for place in start + 1..<max(end, start + 1) {
      let next = source(place)
      guard (next == nil) == (previous == nil) else { return place - start }
      if let next, let column = previous {
        guard inside.contains(next) == inside.contains(column), abs(next - column) <= 1,
          step == nil || next - column == step
        else { return place - start }
        step = next - column
      }
      previous = next
    }
    return end - start
  }
}
