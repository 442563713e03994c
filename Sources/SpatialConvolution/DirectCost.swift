/// What parts of a pass take beside its products, in seconds on one core of an AVX-512 machine; measured.
enum DirectCost {
  /// To begin a pass.
  static let start = 2e-5
  /// A call of a product.
  static let call = 3e-7
  /// An entry of a table of offsets.
  static let tableEntry = 8e-9
}
