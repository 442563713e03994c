import CInterfaceFuzz
import CSpectral
import Foundation
import SpectralCore
import Synchronization
import TestSupport
import Testing

/// Callers on many threads, and callers who get it wrong.
@Suite struct ThreadTests {
  /// Calls `body` on threads of its own at a time.
  private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<count {
        group.addTask {
          await withCheckedContinuation { continuation in
            Thread.detachNewThread {
              body(index)
              continuation.resume()
            }
          }
        }
      }
    }
  }

  @Test func onePlanServesManyThreads() async throws {
    let options = planOptions {
      ($0.input, $0.kernel, $0.batch) = ((40, 40, 0), (9, 9, 0), 2)
      ($0.input_channels, $0.output_channels, $0.method) = (3, 4, Int32(SPECTRAL_FFT))
    }
    let plan = try #require(CPlan(options))
    var random = RandomGenerator(seed: 2)
    let (x, w) = (
      Tensor<Float>.normal([2, 3, 40, 40], using: &random), Tensor<Float>.normal([4, 3, 9, 9], using: &random)
    )
    let alone = CArray<Float>([2, 4, 32, 32])
    let (cx, cw) = (CArray(x), CArray(w))
    #expect(cx { x in cw { w in alone { spectral_forward(plan.handle, x, w, nil, 0, $0) } } } == SPECTRAL_OK)
    let expected = alone.tensor
    let handle = UInt(bitPattern: plan.handle)
    let wrong = Atomic<Int>(0)
    await onThreads(6) { index in
      let (cx, cw, y) = (CArray(x), CArray(w), CArray<Float>([2, 4, 32, 32]))
      var filters: OpaquePointer?
      var isRight = cw { spectral_filters_create($0, &filters) } == SPECTRAL_OK
      for round in 0..<20 {
        let plan = OpaquePointer(bitPattern: handle)
        let status = cx { x in
          cw { w in
            y {
              (round + index) % 2 == 0
                ? spectral_forward(plan, x, w, nil, 0, $0)
                : spectral_forward_prepared(plan, x, filters, nil, 0, $0)
            }
          }
        }
        isRight = isRight && status == SPECTRAL_OK && y.tensor.hasSameBits(as: expected)
      }
      isRight = isRight && spectral_filters_free(filters) == SPECTRAL_OK
      if !isRight { wrong.wrappingAdd(1, ordering: .relaxed) }
    }
    withExtendedLifetime(plan) {}
    #expect(wrong.load(ordering: .relaxed) == 0)
  }

  /// A plan that is freed while others compute with it: their calls end well, or say that it is none.
  @Test func plansMayBeFreedWhileTheyRun() async throws {
    for _ in 0..<10 {
      let options = planOptions { ($0.input, $0.kernel) = ((64, 64, 0), (7, 7, 0)) }
      var plan: OpaquePointer?
      #expect(withUnsafePointer(to: options) { spectral_plan_create($0, &plan) } == SPECTRAL_OK)
      let handle = UInt(bitPattern: plan)
      let wrong = Atomic<Int>(0)
      await onThreads(3) { index in
        let plan = OpaquePointer(bitPattern: handle)
        if index == 0 {
          if spectral_plan_free(plan) != SPECTRAL_OK { wrong.wrappingAdd(1, ordering: .relaxed) }
          return
        }
        let (x, w) = (
          CArray(Tensor<Float>([1, 1, 64, 64], repeating: 1)), CArray(Tensor<Float>([1, 1, 7, 7], repeating: 1))
        )
        let y = CArray<Float>([1, 1, 58, 58])
        let status = x { x in w { w in y { spectral_forward(plan, x, w, nil, 0, $0) } } }
        let isRight = status == SPECTRAL_OK ? abs(y.tensor[0, 0, 3, 3] - 49) < 0.01 : status == SPECTRAL_INVALID
        if !isRight { wrong.wrappingAdd(1, ordering: .relaxed) }
      }
      #expect(wrong.load(ordering: .relaxed) == 0)
    }
  }

  /// Random arguments. `SPECTRAL_FUZZ` asks for more rounds than usual.
  @Test func randomArgumentsAreComputedOrRefused() {
    let rounds = ProcessInfo.processInfo.environment["SPECTRAL_FUZZ"].flatMap { Int64($0) } ?? 1500
    withThreads(2) {
      var problem: UnsafePointer<CChar>?
      let succeeded = sk_fuzz(1, rounds, &problem)
      #expect(succeeded > rounds, "\(problem.map { String(cString: $0) } ?? "too few calls succeeded"): \(message)")
    }
  }
}
