import SpectralCore

/// The parameters of a layer, or a gradient by them: named tensors that can be walked through in a fixed order.
public protocol ParameterSpace<Scalar>: Sendable {
  /// `Float` or `Double`.
  associatedtype Scalar: TensorScalar

  /// Visits every tensor with its name.
  func forEach(at place: LayerPlace, _ body: (String, Tensor<Scalar>) -> Void)

  /// Visits every tensor with its name, and may change it in place.
  mutating func update(at place: LayerPlace, _ body: (String, inout Tensor<Scalar>) -> Void)

  /// How many places it takes in a row of layers.
  static var length: Int { get }
}

extension ParameterSpace {
  public static var length: Int { 1 }

  /// Visits every tensor with its name.
  public func forEach(_ body: (String, Tensor<Scalar>) -> Void) { forEach(at: LayerPlace(), body) }

  /// Visits every tensor with its name, and may change it in place.
  public mutating func update(_ body: (String, inout Tensor<Scalar>) -> Void) { update(at: LayerPlace(), body) }

  /// How many numbers there are.
  public var count: Int {
    var count = 0
    forEach { _, tensor in count += tensor.count }
    return count
  }

  /// The tensors by name.
  public var named: [String: Tensor<Scalar>] {
    var tensors: [String: Tensor<Scalar>] = [:]
    forEach { tensors[$0] = $1 }
    return tensors
  }
}

/// Where a layer stands in a network. Names read as PyTorch's: `0.weight`, `3.body.1.bias`.
public struct LayerPlace: Sendable, CustomStringConvertible {
  private var prefix = ""
  private var index = 0

  /// The first place of a network.
  public init() {}

  /// The name of a part of the layer here.
  public func name(_ part: String) -> String { "\(prefix)\(index).\(part)" }

  /// The place `count` further on.
  public func advanced(by count: Int) -> LayerPlace {
    var place = self
    place.index += count
    return place
  }

  /// The first place inside a part of the layer here.
  public func inside(_ part: String) -> LayerPlace {
    var place = LayerPlace()
    place.prefix = "\(prefix)\(index).\(part)."
    return place
  }

  /// E.g. `3.body.1`.
  public var description: String { "\(prefix)\(index)" }
}

/// The parameters of a layer that learns nothing.
public struct NoParameters<Scalar: TensorScalar>: ParameterSpace {
  /// Nothing.
  public init() {}
  public func forEach(at place: LayerPlace, _ body: (String, Tensor<Scalar>) -> Void) {}
  public mutating func update(at place: LayerPlace, _ body: (String, inout Tensor<Scalar>) -> Void) {}
}

/// A weight and, usually, a bias: the parameters of dense and convolution layers.
public struct Weights<Scalar: TensorScalar>: ParameterSpace {
  /// The factors.
  public var weight: Tensor<Scalar>
  /// What is added, one number per output or channel.
  public var bias: Tensor<Scalar>?

  /// A weight and a bias.
  public init(weight: Tensor<Scalar>, bias: Tensor<Scalar>?) {
    self.weight = weight
    self.bias = bias
  }

  public func forEach(at place: LayerPlace, _ body: (String, Tensor<Scalar>) -> Void) {
    body(place.name("weight"), weight)
    if let bias { body(place.name("bias"), bias) }
  }

  public mutating func update(at place: LayerPlace, _ body: (String, inout Tensor<Scalar>) -> Void) {
    body(place.name("weight"), &weight)
    if var own = bias.take() {
      body(place.name("bias"), &own)
      bias = own
    }
  }
}

/// The parameters of two layers in a row.
public struct BothParameters<First: ParameterSpace, Second: ParameterSpace>: ParameterSpace
where First.Scalar == Second.Scalar {
  /// The parameters of the layer that sees the input.
  public var first: First
  /// The parameters of the layer that gives the output.
  public var second: Second

  /// The parameters of two layers in a row.
  public init(_ first: First, _ second: Second) {
    self.first = first
    self.second = second
  }

  public static var length: Int { First.length + Second.length }

  public func forEach(at place: LayerPlace, _ body: (String, Tensor<First.Scalar>) -> Void) {
    first.forEach(at: place, body)
    second.forEach(at: place.advanced(by: First.length), body)
  }

  public mutating func update(at place: LayerPlace, _ body: (String, inout Tensor<First.Scalar>) -> Void) {
    first.update(at: place, body)
    second.update(at: place.advanced(by: First.length), body)
  }
}
