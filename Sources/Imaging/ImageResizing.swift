import Tensors

extension Image {
  /// The picture at another size.
  ///
  /// Along an axis that shrinks, each new pixel is the mean of the area it covers, so that nothing finer than the new
  /// pixels survives as a false pattern. Along an axis that grows, values are interpolated linearly between the pixels'
  /// centres, and beyond the outermost centres they are constant. The alpha plane is resized the same way, and colours
  /// are not weighted by it.
  ///
  /// - Precondition: both sizes are positive and the picture has pixels.
  public func resized(height: Int, width: Int) -> Image {
    precondition(height > 0 && width > 0, "a picture cannot be resized to \(width) x \(height)")
    precondition(self.height > 0 && self.width > 0, "a picture without pixels cannot be resized")
    let rows = ResamplingAxis(from: self.height, to: height)
    let columns = ResamplingAxis(from: self.width, to: width)
    return Image(
      pixels: resample(pixels, rows, columns),
      alpha: alpha.map {
        resample($0.reshaped(to: Shape([1] + $0.shape.extents)), rows, columns).reshaped(to: [height, width])
      }, bitDepth: bitDepth)
  }
}

/// The weights with which old places make up new ones along one axis.
private struct ResamplingAxis {
  let from: Int
  let to: Int
  /// The first old place of each new one, and where its weights begin; one more for the end.
  private(set) var first: [Int] = []
  private(set) var start: [Int] = [0]
  private(set) var weights: [Float] = []

  init(from: Int, to: Int) {
    (self.from, self.to) = (from, to)
    let scale = Double(from) / Double(to)
    for i in 0..<to {
      if scale > 1 {
        // The new pixel covers the old places from `left` to `right`.
        let (left, right) = (Double(i) * scale, min(Double(i + 1) * scale, Double(from)))
        let places = Int(left)..<max(Int(left) + 1, Int(right.rounded(.up)))
        first.append(places.lowerBound)
        for place in places {
          weights.append(Float((min(right, Double(place + 1)) - max(left, Double(place))) / scale))
        }
      } else {
        let centre = min(max((Double(i) + 0.5) * scale - 0.5, 0), Double(from - 1))
        let place = min(Int(centre), max(0, from - 2))
        first.append(place)
        weights += from == 1 ? [1] : [Float(1 - (centre - Double(place))), Float(centre - Double(place))]
      }
      start.append(weights.count)
    }
  }
}

/// Planes `[C, H, W]` at another size, first along the columns, then along the rows.
private func resample(_ planes: Tensor<Float>, _ rows: ResamplingAxis, _ columns: ResamplingAxis) -> Tensor<Float> {
  let channels = planes.shape[0]
  let narrow = Tensor<Float>([channels, rows.from, columns.to]) { target in
    planes.withUnsafeElements { source in
      nonisolated(unsafe) let (source, target) = (source, target)
      Parallel.forEach(channels * rows.from, grain: max(1, 1 << 14 / columns.from)) { row in
        let line = source.baseAddress! + row * columns.from
        columns.weights.withUnsafeBufferPointer { weights in
          for i in 0..<columns.to {
            let (begin, first) = (columns.start[i], columns.first[i])
            var sum: Float = 0
            for j in begin..<columns.start[i + 1] { sum += weights[j] * line[first + j - begin] }
            target[row * columns.to + i] = sum
          }
        }
      }
    }
  }
  return Tensor<Float>([channels, rows.to, columns.to]) { target in
    narrow.withUnsafeElements { source in
      nonisolated(unsafe) let (source, target) = (source, target)
      Parallel.forEach(channels * rows.to, grain: max(1, 1 << 14 / columns.to)) { row in
        let (channel, i) = (row / rows.to, row % rows.to)
        let line = target.baseAddress! + row * columns.to
        line.initialize(repeating: 0, count: columns.to)
        for j in rows.start[i]..<rows.start[i + 1] {
          let weight = rows.weights[j]
          let old = source.baseAddress! + (channel * rows.from + rows.first[i] + j - rows.start[i]) * columns.to
          for x in 0..<columns.to { line[x] += weight * old[x] }
        }
      }
    }
  }
}
