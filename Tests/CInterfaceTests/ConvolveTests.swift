import AutomaticConvolution
import CSpectral
import SpectralConvolution
import SpectralCore
import Testing

/// `spectral_convolve`: arrays as NumPy and SciPy have them.
@Suite struct ConvolveTests {
  private static let modes: [(Int, ConvolutionExtent)] = [
    (SPECTRAL_MODE_FULL, .full), (SPECTRAL_MODE_SAME, .same), (SPECTRAL_MODE_VALID, .valid),
  ]

  private func run<Scalar: TensorScalar>(
    _ options: spectral_convolve_options, _ array: CArray<Scalar>, _ kernel: CArray<Scalar>, _ result: CArray<Scalar>
  ) -> spectral_status {
    withUnsafePointer(to: options) { options in
      array { array in kernel { kernel in result { spectral_convolve(options, array, kernel, $0) } } }
    }
  }

  @Test(arguments: 1...3) func singleArrays(_ rank: Int) throws {
    var random = RandomGenerator(seed: UInt64(rank))
    for (number, extent) in Self.modes {
      for isConvolution in [true, false] {
        for taps in 1...4 {
          let x = Tensor<Double>.normal(TensorShape([9, 8, 7].suffix(rank)), using: &random)
          let k = Tensor<Double>.normal(TensorShape([taps, 2, 5].suffix(rank)), using: &random)
          let expected =
            try isConvolution ? convolve(x, k, extent, boundary: .mirror) : correlate(x, k, extent, boundary: .mirror)
          let options = convolveOptions {
            ($0.mode, $0.boundary) = (Int32(number), Int32(SPECTRAL_BOUNDARY_MIRROR))
            $0.operation = Int32(isConvolution ? SPECTRAL_CONVOLUTION : SPECTRAL_CORRELATION)
          }
          let (cx, ck) = (CArray(x, .shifted), CArray(k, .reversed))
          let y = CArray<Double>(expected.shape, .spread)
          #expect(run(options, cx, ck, y) == SPECTRAL_OK, "\(message)")
          #expect(y.tensor.hasSameBits(as: expected))
          var sizes = [Int64](repeating: 0, count: Int(SPECTRAL_MAX_RANK))
          let status = withUnsafePointer(to: options) { options in
            cx { x in ck { k in spectral_convolve_sizes(options, x, k, &sizes) } }
          }
          #expect(status == SPECTRAL_OK && sizes.prefix(rank).map(Int.init) == expected.shape.extents)
        }
      }
    }
  }

  /// Worked by hand: origin moves windows towards the beginning.
  @Test func origin() {
    let x = CArray(Tensor<Float>([5], [1, 2, 3, 4, 5]))
    let k = CArray(Tensor<Float>([3], [1, 10, 100]))
    for (origin, expected) in [
      (0, [210, 321, 432, 543, 54]), (1, [100, 210, 321, 432, 543]), (-1, [321, 432, 543, 54, 5]),
    ] {
      let options = convolveOptions {
        ($0.mode, $0.method) = (Int32(SPECTRAL_MODE_SAME), Int32(SPECTRAL_DIRECT))
        ($0.operation, $0.origin.0) = (Int32(SPECTRAL_CORRELATION), Int64(origin))
      }
      let y = CArray<Float>([5])
      #expect(run(options, x, k, y) == SPECTRAL_OK, "\(message)")
      #expect(y.tensor.elements.map { Int($0) } == expected, "origin \(origin)")
    }
    let options = convolveOptions { ($0.mode, $0.origin.0) = (Int32(SPECTRAL_MODE_SAME), 2) }
    #expect(run(options, x, k, CArray<Float>([5])) == SPECTRAL_SHAPE)
    #expect(message == "an origin of 2 moves a kernel of 3 off the element: it may be -1 to 1")
  }

  /// Each array of a batch, with one kernel for all or one of its own, is convolved as if it were alone.
  @Test(arguments: [[2, 3], [2, 1], [1, 3], [1, 1]]) func batches(_ kernelBatch: [Int]) throws {
    var random = RandomGenerator(seed: 3)
    let x = Tensor<Float>.normal([2, 3, 8, 9], using: &random)
    let k = Tensor<Float>.normal(TensorShape(kernelBatch + [3, 4]), using: &random)
    let options = convolveOptions { ($0.axes, $0.method) = (2, Int32(SPECTRAL_DIRECT)) }
    let y = CArray<Float>([2, 3, 10, 12])
    #expect(run(options, CArray(x, .transposed), CArray(k), y) == SPECTRAL_OK, "\(message)")
    for i in 0..<2 {
      for j in 0..<3 {
        let kernel = k[(kernelBatch[0] == 1 ? 0 : i)..., (kernelBatch[1] == 1 ? 0 : j)...][0..<1, 0..<1]
        let expected = try convolve(
          x[i..<i + 1, j..<j + 1].reshaped(to: [8, 9]), kernel.reshaped(to: [3, 4]), method: .direct)
        let found = y.tensor[i..<i + 1, j..<j + 1].reshaped(to: [10, 12])
        // Twelve products of numbers below 5: solvers add them up in different orders.
        #expect((found - expected).maximumMagnitude < 12 * 25 * 0x1p-23)
      }
    }
  }

  /// Small integers are exact, so complex products can be checked against their definition.
  @Test(arguments: [(2, 2), (2, 1), (1, 2)], [false, true]) func complexNumbers(
    _ parts: (array: Int, kernel: Int), _ hasOwnKernels: Bool
  ) throws {
    var random = RandomGenerator(seed: 5)
    func integers(_ extents: [Int]) -> Tensor<Double> {
      Tensor<Double>.normal(TensorShape(extents), deviation: 4, using: &random).map { $0.rounded() }
    }
    let (x, k) = (integers([3, 7, parts.array]), integers([hasOwnKernels ? 3 : 1, 4, parts.kernel]))
    let (cx, ck, cy) = (CArray(x, .shifted), CArray(k), CArray<Double>([3, 10, 2]))
    var arrays = [cx.array, ck.array, cy.array]
    for (index, count) in [parts.array, parts.kernel, 2].enumerated() {
      arrays[index].rank = 2
      let isComplex = count == 2
      arrays[index].dtype = Int32(isComplex ? SPECTRAL_COMPLEX128 : SPECTRAL_FLOAT64)
      (arrays[index].strides.0, arrays[index].strides.1) = (arrays[index].sizes.1, 1)
    }
    let options = convolveOptions { ($0.axes, $0.method) = (1, Int32(SPECTRAL_DIRECT)) }
    let status = withUnsafePointer(to: options) { spectral_convolve($0, &arrays[0], &arrays[1], &arrays[2]) }
    #expect(status == SPECTRAL_OK, "\(message)")
    let y = cy.tensor
    for row in 0..<3 {
      for i in 0..<10 {
        var (real, imaginary) = (0.0, 0.0)
        for j in 0..<4 where (0..<7).contains(i - j) {
          let (a, c) = (x[row, i - j, 0], k[hasOwnKernels ? row : 0, j, 0])
          let b = parts.array == 2 ? x[row, i - j, 1] : 0
          let d = parts.kernel == 2 ? k[hasOwnKernels ? row : 0, j, 1] : 0
          real += a * c - b * d
          imaginary += a * d + b * c
        }
        #expect(y[row, i, 0] == real && y[row, i, 1] == imaginary, "\(row), \(i)")
      }
    }
  }

  @Test func emptyBatchesAreNoError() {
    let y = CArray<Float>([0, 6])
    #expect(
      run(convolveOptions { $0.axes = 1 }, CArray<Float>([0, 4]), CArray<Float>([3]), y) == SPECTRAL_OK, "\(message)")
  }
}
