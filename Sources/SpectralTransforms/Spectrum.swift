import SpectralCore

/// The discrete Fourier transform of real images: X[u, v] = Σ x[y, x] exp(-2πi (u y / H + v x / W)).
///
/// Real images have Hermitian spectra, X[-u, -v] = conj X[u, v], so only the columns v = 0 ... W/2 are kept. Row u
/// stands for the frequency u / H cycles per pixel (above H/2: u / H - 1), column v for v / W.
public struct Spectrum<Scalar: FourierScalar>: Sendable {
  /// The rows of the image, H.
  public let height: Int
  /// The columns of the image, W.
  public let width: Int
  /// The kept values, `[..., H, W/2 + 1, 2]`: real and imaginary part.
  public var values: Tensor<Scalar>

  /// A spectrum of images of a given size.
  ///
  /// - Precondition: `values` has shape `[..., height, width/2 + 1, 2]`.
  public init(height: Int, width: Int, values: Tensor<Scalar>) {
    precondition(
      values.shape.rank >= 3 && values.shape[-3] == height && values.shape[-2] == width / 2 + 1
        && values.shape[-1] == 2,
      "values of shape \(values.shape) are not the spectra of \(height) x \(width) images")
    self.height = height
    self.width = width
    self.values = values
  }

  /// The axes in front of the image's two.
  public var leading: [Int] { Array(values.shape.extents.dropLast(3)) }

  /// The value at a frequency of one image, any column: the missing half is the conjugate of the kept one.
  public subscript(row: Int, column: Int, image image: Int = 0) -> ComplexNumber<Scalar> {
    let half = width / 2 + 1
    func kept(_ u: Int, _ v: Int) -> ComplexNumber<Scalar> {
      values.withUnsafeElements { x in
        let place = 2 * ((image * height + u) * half + v)
        return ComplexNumber(x[place], x[place + 1])
      }
    }
    precondition(row >= 0 && row < height && column >= 0 && column < width, "(\(row), \(column)) is outside")
    return column < half ? kept(row, column) : kept((height - row) % height, width - column).conjugate
  }

  /// The product at every frequency: the spectrum of the circular convolution.
  public static func * (a: Spectrum, b: Spectrum) -> Spectrum {
    a.combined(with: b) { $0 * $1 }
  }

  /// The conjugate at every frequency: the spectrum of the image mirrored through the origin.
  public var conjugate: Spectrum {
    combined(with: self) { x, _ in x.conjugate }
  }

  private func combined(
    with other: Spectrum, _ body: (ComplexNumber<Scalar>, ComplexNumber<Scalar>) -> ComplexNumber<Scalar>
  ) -> Spectrum {
    precondition(height == other.height && width == other.width, "spectra of images of different sizes")
    // One spectrum may serve many, as one filter serves a batch.
    precondition(
      values.count == other.values.count || other.leading.allSatisfy { $0 == 1 },
      "\(values.shape) and \(other.values.shape) do not pair up")
    let period = other.values.count
    return values.withUnsafeElements { a in
      other.values.withUnsafeElements { b in
        let product = Tensor<Scalar>(values.shape) { c in
          for i in stride(from: 0, to: a.count, by: 2) {
            let j = i % period
            let value = body(ComplexNumber(a[i], a[i + 1]), ComplexNumber(b[j], b[j + 1]))
            c[i] = value.real
            c[i + 1] = value.imaginary
          }
        }
        return Spectrum(height: height, width: width, values: product)
      }
    }
  }

  /// Σ |X|² over all frequencies, the missing half included: H W times the energy of the image (Parseval).
  public var energy: Double {
    let half = width / 2 + 1
    return values.withUnsafeElements { x in
      var energy = 0.0
      for place in 0..<x.count / 2 {
        let column = place % half
        let twin = column != 0 && 2 * column != width
        let square = Double(x[2 * place]) * Double(x[2 * place]) + Double(x[2 * place + 1]) * Double(x[2 * place + 1])
        energy += twin ? 2 * square : square
      }
      return energy
    }
  }
}
