import AutomaticConvolution
import SpectralConvolution
import SpectralCore

/// The networks that `spectral train` knows, by the words that choose them.
public enum ModelKind: String, CaseIterable, Hashable, Codable, Sendable {
  /// LeNet-5 with ReLU and max pooling.
  case lenet5
  /// LeNet-5 with tanh and average pooling, as in LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied
  /// to document recognition", 1998.
  case lenet5Classic = "lenet5-classic"
  /// One matrix from pixels to classes: the classifier that forgets space.
  case dense
  /// A small residual network with 13 x 13 and 31 x 31 depthwise convolutions.
  case largeKernel = "large-kernel"

  /// The smallest side of an image that the network can take.
  public var smallestSide: Int {
    switch self {
    case .lenet5, .lenet5Classic: 12
    case .dense: 1
    case .largeKernel: 2
    }
  }

  /// The network with random weights, for images `[C, H, W]`.
  ///
  /// - Throws: ``TrainingError`` if the images are too small for it.
  public func network<Scalar: AnyMethodScalar>(
    image: TensorShape, classes: Int, method: any ConvolutionMethod<Scalar>, using random: inout RandomGenerator
  ) throws(TrainingError) -> any Layer<Scalar> {
    try checkSize(image)
    return switch self {
    case .lenet5: Models.lenet5(image: image, classes: classes, method: method, using: &random)
    case .lenet5Classic: Models.lenet5Classic(image: image, classes: classes, method: method, using: &random)
    case .dense: Models.dense(image: image, classes: classes, using: &random)
    case .largeKernel: Models.largeKernel(image: image, classes: classes, method: method, using: &random)
    }
  }
  /// - Throws: ``TrainingError`` if images are too small for the network.
  func checkSize(_ image: TensorShape) throws(TrainingError) {
    guard min(image[1], image[2]) >= smallestSide else {
      throw TrainingError(
        "\(rawValue) needs images of at least \(smallestSide) x \(smallestSide) pixels, these have \(image[1]) x \(image[2]): "
          + "use larger images, or the dense network")
    }
  }
}
