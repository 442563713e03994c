extension BinaryFloatingPoint {
  /// The number as it is printed: NaN without a sign, which says nothing and reads as a value below zero.
  package var withoutNaNSign: Self { isNaN ? .nan : self }
}
