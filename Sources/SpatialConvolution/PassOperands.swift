import CKernels
import SpectralConvolution
import SpectralCore

/// The number and size of the planes that a pass reads or writes for one group of channels.
struct GroupPlanes {
  let count: Int
  let height: Int
  let width: Int

  var pixels: Int { height * width }
}

extension ConvolutionProblem {
  /// A group's planes of the images.
  var images: GroupPlanes {
    GroupPlanes(count: channelsPerGroup, height: vertical.input, width: horizontal.input)
  }
  /// A group's planes of the feature maps.
  var maps: GroupPlanes {
    GroupPlanes(count: outputsPerGroup, height: vertical.output, width: horizontal.output)
  }
  /// What a pass reads beside the filters: of a filter gradient the images.
  func operand(_ pass: ConvolutionPass) -> GroupPlanes { pass == .inputGradient ? maps : images }
  /// What the forward pass or the input gradient writes.
  func result(_ pass: ConvolutionPass) -> GroupPlanes { pass == .inputGradient ? images : maps }
}

extension PassOperands {
  /// The result of a pass, which `body` computes from the addresses of the operands and of the bias; zeros where an operand
  /// has no elements.
  func result(
    _ shape: TensorShape,
    _ body: (
      _ first: UnsafePointer<Scalar>, _ second: UnsafePointer<Scalar>, _ bias: UnsafePointer<Scalar>?,
      _ result: UnsafeMutablePointer<Scalar>
    ) -> Void
  ) -> Tensor<Scalar> {
    first.withUnsafeElements { first in
      second.withUnsafeElements { second in
        Tensor(result: shape) { result in
          guard let first = first.baseAddress, let second = second.baseAddress, let to = result.baseAddress,
            self.first.count > 0, self.second.count > 0, result.count > 0
          else { return result.initialize(repeating: 0) }
          if let bias {
            bias.withUnsafeElements { body(first, second, $0.baseAddress!, to) }
          } else {
            body(first, second, nil, to)
          }
        }
      }
    }
  }
}

/// Sums that several parts of a pass make apart from each other, `[part][sum]`, and then added in the order of the parts:
/// the bits must not depend on which thread comes first.
///
/// - Parameter body: Makes the sums of all parts.
func addUp<Scalar: TensorScalar>(
  parts: Int, of count: Int, to sums: UnsafeMutablePointer<Scalar>, _ body: (UnsafeMutablePointer<Scalar>) -> Void
) {
  guard parts > 1 else { return body(sums) }
  let all = Scratch<Scalar>(count: parts * count)
  body(all.base)
  sums.update(from: all.base, count: count)
  for part in 1..<parts {
    Scalar.kernels.pointee.combine(sk_plus, sums, sums, 1, all.base + part * count, 1, count)
  }
}
