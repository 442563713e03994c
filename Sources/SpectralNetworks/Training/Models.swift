import SpectralConvolution
import SpectralCore

/// The model zoo. Each network is the handful of lines that a reader would write.
public enum Models {
  /// The rows or columns that reach LeNet's dense layers: halved, less 4 for a kernel of 5 without padding, halved.
  static func lenetExtent(_ pixels: Int) -> Int { (pixels / 2 - 4) / 2 }

  /// The channels of the residual blocks.
  static let largeKernelWidth = 24

  /// LeNet-5 with ReLU and max pooling: the shape of LeCun et al., 1998, with today's parts.
  ///
  /// ReLU follows the pooling. As it never turns a larger number into a smaller one, the other order would give the same
  /// to the last bit, forward and backward, from four times as many pixels.
  ///
  /// - Parameter image: `[C, H, W]`, at least 12 x 12 pixels.
  public static func lenet5<Scalar: TensorScalar>(
    image: TensorShape, classes: Int, method: any ConvolutionMethod<Scalar>, using random: inout RandomGenerator
  ) -> some Layer<Scalar> {
    let first = ConvolutionGeometry(padding: .same)
    let second = ConvolutionGeometry()
    let features = 16 * lenetExtent(image[1]) * lenetExtent(image[2])
    return Chain {
      Convolution2D<Scalar>(
        inputChannels: image[0], outputChannels: 6, kernel: 5, geometry: first, method: method, using: &random)
      MaxPooling2D<Scalar>(kernel: 2)
      ReLU<Scalar>()
      Convolution2D<Scalar>(
        inputChannels: 6, outputChannels: 16, kernel: 5, geometry: second, method: method, using: &random)
      MaxPooling2D<Scalar>(kernel: 2)
      ReLU<Scalar>()
      Flatten<Scalar>()
      Dense<Scalar>(inputs: features, outputs: 120, using: &random)
      ReLU<Scalar>()
      Dense<Scalar>(inputs: 120, outputs: 84, using: &random)
      ReLU<Scalar>()
      Dense<Scalar>(inputs: 84, outputs: classes, using: &random)
    }
  }

  /// LeNet-5 with tanh and average pooling, as in LeCun et al., 1998. Unlike the original, every map of the second
  /// convolution sees every map of the first, and the output is a softmax.
  public static func lenet5Classic<Scalar: TensorScalar>(
    image: TensorShape, classes: Int, method: any ConvolutionMethod<Scalar>, using random: inout RandomGenerator
  ) -> some Layer<Scalar> {
    let first = ConvolutionGeometry(padding: .same)
    let second = ConvolutionGeometry()
    let features = 16 * lenetExtent(image[1]) * lenetExtent(image[2])
    let xavier = Initialization.xavierUniform
    return Chain {
      Convolution2D<Scalar>(
        inputChannels: image[0], outputChannels: 6, kernel: 5, geometry: first, method: method, initialization: xavier,
        using: &random)
      Tanh<Scalar>()
      AveragePooling2D<Scalar>(kernel: 2)
      Convolution2D<Scalar>(
        inputChannels: 6, outputChannels: 16, kernel: 5, geometry: second, method: method, initialization: xavier,
        using: &random)
      Tanh<Scalar>()
      AveragePooling2D<Scalar>(kernel: 2)
      Flatten<Scalar>()
      Dense<Scalar>(inputs: features, outputs: 120, initialization: xavier, using: &random)
      Tanh<Scalar>()
      Dense<Scalar>(inputs: 120, outputs: 84, initialization: xavier, using: &random)
      Tanh<Scalar>()
      Dense<Scalar>(inputs: 84, outputs: classes, initialization: xavier, using: &random)
    }
  }

  /// One matrix from pixels to classes.
  public static func dense<Scalar: TensorScalar>(
    image: TensorShape, classes: Int, using random: inout RandomGenerator
  ) -> some Layer<Scalar> {
    Chain {
      Flatten<Scalar>()
      Dense<Scalar>(inputs: image.count, outputs: classes, using: &random)
    }
  }

  /// A small residual network whose depthwise kernels reach across the image: 13 x 13, then 31 x 31.
  public static func largeKernel<Scalar: TensorScalar>(
    image: TensorShape, classes: Int, method: any ConvolutionMethod<Scalar>, using random: inout RandomGenerator
  ) -> some Layer<Scalar> {
    let width = largeKernelWidth
    func convolution(_ inputs: Int, _ outputs: Int, _ kernel: Int, groups: Int = 1) -> Convolution2D<Scalar> {
      Convolution2D<Scalar>(
        inputChannels: inputs, outputChannels: outputs,
        kernel: AxisValues(kernel), geometry: ConvolutionGeometry(padding: .same, groups: groups), method: method,
        initialization: .kaimingNormal, using: &random)
    }
    return Chain {
      convolution(image[0], width, 3)
      BatchNormalization<Scalar>(channels: width)
      ReLU<Scalar>()
      Residual {
        convolution(width, width, 13, groups: width)
        BatchNormalization<Scalar>(channels: width)
        convolution(width, 2 * width, 1)
        GELU<Scalar>()
        convolution(2 * width, width, 1)
      }
      Residual {
        convolution(width, width, 31, groups: width)
        BatchNormalization<Scalar>(channels: width)
        convolution(width, 2 * width, 1)
        GELU<Scalar>()
        convolution(2 * width, width, 1)
      }
      MaxPooling2D<Scalar>(kernel: 2)
      convolution(width, 2 * width, 3)
      BatchNormalization<Scalar>(channels: 2 * width)
      ReLU<Scalar>()
      GlobalAveragePooling2D<Scalar>()
      Flatten<Scalar>()
      Dense<Scalar>(inputs: 2 * width, outputs: classes, using: &random)
    }
  }
}
