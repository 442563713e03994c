/// How ``AutomaticConvolution`` chooses a plan.
public enum ConvolutionPlanning: String, CaseIterable, Hashable, Codable, Sendable {
  /// By a cost model, at once. The same plan whatever the machine does besides and however many threads there are.
  case estimated = "estimate"
  /// By timing the most promising plans on arrays of the problem's sizes, once for each processor model, problem, pass,
  /// scalar and number of threads. The winner is remembered, also across runs. Timing varies, so another run without the
  /// memory of this one may choose differently, and its results may differ in the last bits.
  case measured = "measure"
}
