/// Transform sizes that FFTW computes fast: even numbers with no prime factor above 7.
public enum FastSize {
  /// Whether a size has no prime factor above 7.
  public static func isSmooth(_ size: Int) -> Bool {
    guard size > 0 else { return false }
    var rest = size
    for factor in [2, 3, 5, 7] { while rest % factor == 0 { rest /= factor } }
    return rest == 1
  }

  /// The next size from `count` on that is even and has no prime factor above 7; 1 stays 1.
  ///
  /// - Precondition: `count` is positive.
  public static func next(_ count: Int) -> Int {
    precondition(count > 0, "a transform has at least one point, not \(count)")
    if count == 1 { return 1 }
    var size = count + count % 2
    while !isSmooth(size) { size += 2 }
    return size
  }

  /// All fast sizes in a range, ascending.
  public static func all(in range: ClosedRange<Int>) -> [Int] {
    var sizes: [Int] = []
    var size = range.lowerBound
    while size <= range.upperBound {
      size = next(size)
      if size <= range.upperBound { sizes.append(size) }
      size += 1
    }
    return sizes
  }
}
