// How loops over elements are cut into pieces for threads: sizes that depend on nothing but the work, so that results do
// not depend on the number of threads.

/// Elements worth handing to another thread: about two microseconds of a simple loop, twice what a parallel loop costs.
package let elementwiseGrain = 1 << 13

/// Calls `body` with neighbouring ranges that together are `0 ..< count`, on several threads if there are many.
package func forEachRange(_ count: Int, size: Int = elementwiseGrain, _ body: (Range<Int>) -> Void) {
  Parallel.forEach((count + size - 1) / size) { body($0 * size..<min(count, ($0 + 1) * size)) }
}

/// The largest number of rows of `width` elements that is still one piece of work, at least 1.
package func rowGrain(_ width: Int) -> Int { max(1, elementwiseGrain / max(width, 1)) }
