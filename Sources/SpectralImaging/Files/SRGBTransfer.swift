import Foundation
import SpectralCore

/// The transfer function of sRGB, both ways: between what almost all files store and the light that it stands for.
///
/// IEC 61966-2-1: a straight piece near black and a power of 2.4 above it, here continued beyond 0...1: numbers above 1
/// follow the power, negative ones mirror the positive, so that filters may overshoot and nothing is clipped.
public enum SRGBTransfer {
  /// The light of a stored value; 0 stays 0 and 1 stays 1.
  public static func linear<Scalar: TensorScalar>(_ stored: Scalar) -> Scalar {
    let x = Double(stored.magnitude)
    let light = x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4)
    return Scalar(stored < 0 ? -light : light)
  }

  /// The value that stands for light: the inverse of ``linear(_:)->Scalar``.
  public static func stored<Scalar: TensorScalar>(_ light: Scalar) -> Scalar {
    let x = Double(light.magnitude)
    let value = x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055
    return Scalar(light < 0 ? -value : value)
  }

  /// The light of every element.
  public static func linear<Scalar: TensorScalar>(_ stored: Tensor<Scalar>) -> Tensor<Scalar> {
    stored.mapRuns { source, target in for i in source.indices { target[i] = linear(source[i]) } }
  }

  /// The value of every element; in single precision by vectors, within 7e-7 for values up to 1.
  public static func stored<Scalar: TensorScalar>(_ light: Tensor<Scalar>) -> Tensor<Scalar> {
    if let light = light as? Tensor<Float>, let values = light.mapRuns(storeRun) as? Tensor<Scalar> { return values }
    return light.mapRuns { source, target in for i in source.indices { target[i] = stored(source[i]) } }
  }
}

/// The sRGB values of a run of light, without branches or calls, so that the compiler makes vectors of it.
///
/// x^(1/2.4) = x^(1/4) x^(1/6): square roots, which processors have, and the cube root of √x, by a third of the bits
/// of the number, which is right to 4 %, and two of Halley's steps, each of which triples the digits.
private func storeRun(_ source: UnsafeBufferPointer<Float>, _ target: UnsafeMutableBufferPointer<Float>) {
  for i in source.indices {
    let x = source[i].magnitude
    let root = max(x, 0.003).squareRoot()
    var cube = Float(bitPattern: root.bitPattern / 3 + 0x2a51_2000)
    for _ in 0..<2 {
      let power = cube * cube * cube
      cube *= (power + 2 * root) / (2 * power + root)
    }
    let curved = 1.055 * (root.squareRoot() * cube) - 0.055
    let value = x <= 0.0031308 ? 12.92 * x : curved
    target[i] = source[i] < 0 ? -value : value
  }
}

extension Tensor {
  /// A tensor of the same shape, made run by run on all threads.
  fileprivate func mapRuns(
    _ body: (UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Scalar>) -> Void
  ) -> Tensor {
    let run = 1 << 13
    return withUnsafeElements { source in
      Tensor(shape) { target in
        nonisolated(unsafe) let (source, target, body) = (source, target, body)
        Parallel.forEach((count + run - 1) / run) { piece in
          let range = piece * run..<Swift.min(source.count, (piece + 1) * run)
          body(UnsafeBufferPointer(rebasing: source[range]), UnsafeMutableBufferPointer(rebasing: target[range]))
        }
      }
    }
  }
}
