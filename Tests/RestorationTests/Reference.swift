import Foundation
import SpectralCore
import TestSupport
import Testing

/// What scikit-image, OpenCV and SciPy compute, from Fixtures/make_reference.py.
struct Reference: Decodable {
  private struct Entry: Decodable {
    let shape: [Int]
    let values: [Double]
  }

  private let tensors: [String: Entry]

  init(from decoder: any Decoder) throws { tensors = try [String: Entry](from: decoder) }

  private static let all: [String: Reference] = {
    let file = fixtures(of: #filePath).appendingPathComponent("reference.json")
    return try! JSONDecoder().decode([String: Reference].self, from: Data(contentsOf: file))
  }()

  init(_ name: String) throws { self = try #require(Reference.all[name], "reference.json has no \(name)") }

  subscript(_ name: String) -> Tensor<Double> { Tensor(TensorShape(tensors[name]!.shape), tensors[name]!.values) }
}
