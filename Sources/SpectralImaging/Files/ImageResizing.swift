import SpectralCore

extension RasterImage {
  /// The picture at another size.
  ///
  /// Along an axis that shrinks, each new pixel is the mean of the area it covers, so that nothing finer than the new
  /// pixels survives as a false pattern. Along an axis that grows, values are interpolated linearly between the pixels'
  /// centres, and beyond the outermost centres they are constant. Colours are weighted by alpha, which is resized the same
  /// way; see ``ImagePlanes/filtered(gain:by:)``.
  ///
  /// - Precondition: both sizes are positive and the picture has pixels.
  public func resized(height: Int, width: Int) -> RasterImage {
    precondition(height > 0 && width > 0, "a picture cannot be resized to \(width) x \(height)")
    precondition(self.height > 0 && self.width > 0, "a picture without pixels cannot be resized")
    let rows = ResamplingAxis(from: self.height, to: height)
    let columns = ResamplingAxis(from: self.width, to: width)
    if let alpha, isTransparent {
      let result = quotient(resample(product(pixels, alpha, alphaCount: 1), rows, columns), gain: 1)
      return RasterImage(
        pixels: result.planes, alpha: result.alpha, bitDepth: bitDepth, metadata: metadata.colorsOnly)
    }
    return RasterImage(
      pixels: resample(pixels, rows, columns), alpha: alpha.map { _ in Tensor([height, width], repeating: 1) },
      bitDepth: bitDepth, metadata: metadata.colorsOnly)
  }
}

/// Which old places make up each new one along one axis, and with what weights.
private struct ResamplingAxis {
  /// The old places of a new one. The outermost two have weights of their own, all others have the same.
  struct Window {
    let first: Int
    let count: Int
    let firstWeight: Double
    let innerWeight: Double
    let lastWeight: Double

    func weight(_ place: Int) -> Double {
      place == first ? firstWeight : place == first + count - 1 ? lastWeight : innerWeight
    }
  }

  let from: Int
  let to: Int
  let windows: [Window]

  init(from: Int, to: Int) {
    (self.from, self.to) = (from, to)
    let scale = Double(from) / Double(to)
    windows = (0..<to).map { i in
      guard scale > 1 else {
        let centre = min(max((Double(i) + 0.5) * scale - 0.5, 0), Double(from - 1))
        let place = min(Int(centre), max(0, from - 2))
        let share = from == 1 ? 0 : centre - Double(place)
        return Window(
          first: place, count: min(from, 2), firstWeight: 1 - share, innerWeight: 0, lastWeight: share)
      }
      // The new pixel covers the old places from `left` to `right`.
      let (left, right) = (Double(i) * scale, min(Double(i + 1) * scale, Double(from)))
      let places = Int(left)..<max(Int(left) + 1, Int(right.rounded(.up)))
      func weight(_ place: Int) -> Double {
        (min(right, Double(place + 1)) - max(left, Double(place))) / scale
      }
      return Window(
        first: places.lowerBound, count: places.count, firstWeight: weight(places.lowerBound),
        innerWeight: 1 / scale, lastWeight: weight(places.upperBound - 1))
    }
  }

  var shrinks: Bool { to < from }
}

/// Planes `[C, H, W]` at another size.
///
/// The columns come first, unless they grow while the rows shrink: then a tall, thin picture would grow in between to
/// many times its size.
private func resample(_ planes: Tensor<Float>, _ rows: ResamplingAxis, _ columns: ResamplingAxis) -> Tensor<Float> {
  rows.shrinks && !columns.shrinks
    ? resampleColumns(resampleRows(planes, rows), columns) : resampleRows(resampleColumns(planes, columns), rows)
}

private func resampleColumns(_ planes: Tensor<Float>, _ columns: ResamplingAxis) -> Tensor<Float> {
  guard columns.from != columns.to else { return planes }
  let (channels, height) = (planes.shape[0], planes.shape[1])
  return planes.withUnsafeElements { source in
    Tensor([channels, height, columns.to]) { target in
      nonisolated(unsafe) let (source, target) = (source, target)
      Parallel.forEach(channels * height, grain: max(1, 1 << 14 / columns.from)) { row in
        let line = source.baseAddress! + row * columns.from
        for (i, window) in columns.windows.enumerated() {
          // Sums of millions of pixels: Float would lose the small ones.
          var sum = window.firstWeight * Double(line[window.first])
          if window.count > 1 {
            let last = window.first + window.count - 1
            var inner = 0.0
            for place in window.first + 1..<last { inner += Double(line[place]) }
            sum += window.innerWeight * inner + window.lastWeight * Double(line[last])
          }
          target[row * columns.to + i] = Float(sum)
        }
      }
    }
  }
}

/// Columns of a row that are summed at a time, in `Double`.
private let summedColumns = 1024

private func resampleRows(_ planes: Tensor<Float>, _ rows: ResamplingAxis) -> Tensor<Float> {
  guard rows.from != rows.to else { return planes }
  let (channels, width) = (planes.shape[0], planes.shape[2])
  return planes.withUnsafeElements { source in
    Tensor([channels, rows.to, width]) { target in
      nonisolated(unsafe) let (source, target) = (source, target)
      Parallel.forEach(
        channels * rows.to, grain: max(1, 1 << 14 / width), workspace: { Scratch<Double>(count: summedColumns) }
      ) { row, sums in
        let (channel, window) = (row / rows.to, rows.windows[row % rows.to])
        for start in stride(from: 0, to: width, by: summedColumns) {
          let count = min(summedColumns, width - start)
          sums.base.update(repeating: 0, count: count)
          for place in window.first..<window.first + window.count {
            let weight = window.weight(place)
            let old = source.baseAddress! + (channel * rows.from + place) * width + start
            for x in 0..<count { sums.base[x] += weight * Double(old[x]) }
          }
          let line = target.baseAddress! + row * width + start
          for x in 0..<count { line[x] = Float(sums.base[x]) }
        }
      }
    }
  }
}
