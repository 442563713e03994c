import Foundation
import SpectralConvolution
import SpectralNetworks
import SpectralCore
import TestSupport
import Testing

/// PyTorch's numbers, from Fixtures/make_reference.py.
struct Reference: Decodable {
  struct Entry: Decodable {
    let shape: [Int]
    let values: [Double]
  }

  private let tensors: [String: Entry]
  private let numbers: [String: [Double]]
  let words: [String: String]

  static let all: [String: Reference] = {
    let file = fixtures(of: #filePath).appendingPathComponent("reference.json")
    return try! JSONDecoder().decode([String: Reference].self, from: Data(contentsOf: file))
  }()

  init(_ name: String) throws { self = try #require(Reference.all[name], "reference.json has no \(name)") }

  func tensor(_ name: String) -> Tensor<Double>? {
    tensors[name].map { Tensor(TensorShape($0.shape), $0.values) }
  }

  func number(_ name: String) -> Double { numbers[name]![0] }
  func integers(_ name: String) -> [Int] { numbers[name]!.map { Int($0) } }
  func doubles(_ name: String) -> [Double] { numbers[name]! }

  /// A pair of numbers, height and width.
  func extent(_ name: String) -> AxisValues { AxisValues(integers(name)) }

  /// Symmetric padding from PyTorch's pair.
  var padding: Padding {
    .symmetric(extent("padding"))
  }

  /// Runs a layer with PyTorch's parameters both ways, and compares everything.
  ///
  /// Sums of a few dozen products in another order differ by some 1e-15 of their magnitude: 1e-12 is far above that and
  /// far below any mistake.
  func check<L: Layer>(
    _ layer: L, tolerance: Double = 1e-12, sourceLocation: SourceLocation = #_sourceLocation
  ) throws where L.Scalar == Double {
    var layer = layer
    layer.updateParameters { name, tensor in
      let key = String(name.split(separator: ".").last!)
      guard let value = self.tensor(key), value.shape == tensor.shape else {
        Issue.record("\(name) of shape \(tensor.shape) is not in the reference", sourceLocation: sourceLocation)
        return
      }
      tensor = value
    }
    func agree(_ name: String, _ computed: Tensor<Double>) throws {
      let expected = try #require(tensor(name), sourceLocation: sourceLocation)
      let apart = largestDifference(computed, expected)
      #expect(apart <= tolerance * max(1, expected.maximumMagnitude), "\(name)", sourceLocation: sourceLocation)
    }
    let (output, tape) = layer.forward(tensor("input")!)
    try agree("output", output)
    let (input, parameters) = layer.backward(tensor("gradient")!, tape)
    try agree("input_gradient", input)
    try parameters.named.forEach { try agree("\($0.split(separator: ".").last!)_gradient", $1) }
  }

}
