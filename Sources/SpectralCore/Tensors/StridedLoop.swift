/// A loop over the places of one shape that several operands walk through, each with steps of its own.
///
/// Axes along which all operands go on as one are merged, so that what is left inside is as long as it can be: a bias
/// `[C, 1, 1]` beside images `[N, C, H, W]` meets runs of H W neighbours. The index of a place is computed once for a run,
/// never for an element.
struct StridedLoop {
  /// An axis, and how far each operand moves along it, in elements. Operands beyond those given stand still.
  struct Axis {
    var extent: Int
    var steps: SIMD4<Int>
  }

  /// Outermost first; none where there is one place only.
  private(set) var axes: [Axis] = []

  /// A loop over the places of `shape`.
  ///
  /// - Parameter steps: The steps of each operand, one for each axis; the operands are at most four.
  init(_ shape: TensorShape, _ steps: [Int]...) {
    for (index, extent) in shape.extents.enumerated() where extent != 1 {
      var axis = Axis(extent: extent, steps: SIMD4())
      for (operand, steps) in steps.enumerated() { axis.steps[operand] = steps[index] }
      if let outer = axes.last, outer.steps == axis.steps &* extent {
        axis.extent *= outer.extent
        axes[axes.count - 1] = axis
      } else {
        axes.append(axis)
      }
    }
  }

  /// The number of places.
  var count: Int { axes.reduce(1) { $0 * $1.extent } }

  /// Takes an axis out of the loop, for a body that walks along it.
  mutating func remove(at index: Int) -> Axis { axes.remove(at: index) }

  /// Where each operand stands at a place, given its row-major index.
  func offsets(of index: Int) -> SIMD4<Int> {
    var (offsets, rest) = (SIMD4<Int>(), index)
    for axis in axes.dropFirst().reversed() {
      let (quotient, place) = rest.quotientAndRemainder(dividingBy: axis.extent)
      offsets &+= axis.steps &* place
      rest = quotient
    }
    if let first = axes.first { offsets &+= first.steps &* rest }
    return offsets
  }

  /// Calls `body` with parts of the innermost axis, on several threads if there are many elements: where the operands
  /// stand, and for how many places they go on by the axis' steps.
  func forEachRun(_ body: (_ offsets: SIMD4<Int>, _ steps: SIMD4<Int>, _ count: Int) -> Void) {
    var outer = self
    let run = axes.isEmpty ? Axis(extent: 1, steps: SIMD4()) : outer.remove(at: axes.count - 1)
    guard run.extent > 0 else { return }
    let size = min(run.extent, elementwiseGrain)
    let parts = (run.extent + size - 1) / size
    Parallel.forEach(outer.count * parts, grain: rowGrain(size)) { index in
      let first = parts == 1 ? 0 : index % parts * size
      body(
        outer.offsets(of: parts == 1 ? index : index / parts) &+ run.steps &* first, run.steps,
        min(size, run.extent - first))
    }
  }
}
