import CSpectral
import Foundation
import SpectralCore
import SpectralInterface
import Testing

/// What is wrong is said: a status, and a sentence.
@Suite struct RefusalTests {
  private static var good: spectral_plan_options {
    planOptions {
      ($0.input, $0.kernel) = ((8, 8, 0), (3, 3, 0))
      $0.method = Int32(SPECTRAL_DIRECT)
    }
  }

  /// A change of good options that makes them bad.
  struct Change: Sendable, CustomTestStringConvertible {
    let status: Int
    let sentence: String
    let change: @Sendable (inout spectral_plan_options) -> Void
    init(_ status: Int, _ sentence: String, _ change: @escaping @Sendable (inout spectral_plan_options) -> Void) {
      (self.status, self.sentence, self.change) = (status, sentence, change)
    }
    var testDescription: String { sentence }
  }

  private static let changes: [Change] = [
    Change(SPECTRAL_INVALID, "struct_size is 0") { $0.struct_size = 0 },
    Change(SPECTRAL_INVALID, "9 is no dtype of a plan") { $0.dtype = 9 },
    Change(SPECTRAL_INVALID, "3 is no dtype of a plan") { $0.dtype = Int32(SPECTRAL_COMPLEX64) },
    Change(SPECTRAL_INVALID, "0 axes cannot be convolved") { $0.axes = 0 },
    Change(SPECTRAL_INVALID, "4 axes cannot be convolved") { $0.axes = 4 },
    Change(SPECTRAL_INVALID, "-1 x 1 x 8 x 8") { $0.batch = -1 },
    Change(SPECTRAL_INVALID, "can be counted") { $0.batch = .max },
    Change(SPECTRAL_SHAPE, "0 input channels") { $0.input_channels = 0 },
    Change(SPECTRAL_SHAPE, "-3 input channels") { $0.input_channels = -3 },
    Change(SPECTRAL_INVALID, "there are 0 groups") { $0.groups = 0 },
    Change(SPECTRAL_SHAPE, "do not fall into 2 equal groups") { $0.groups = 2 },
    Change(SPECTRAL_SHAPE, "0 output channels") { $0.output_channels = 0 },
    Change(SPECTRAL_SHAPE, "the input has no rows") { $0.input.0 = 0 },
    Change(SPECTRAL_INVALID, "can be counted") { $0.input.1 = -8 },
    Change(SPECTRAL_SHAPE, "the kernel has no columns") { $0.kernel.1 = 0 },
    Change(SPECTRAL_SHAPE, "pad 1 more") { $0.kernel.1 = 9 },
    Change(SPECTRAL_SHAPE, "the stride along the rows is 0") { $0.stride.0 = 0 },
    Change(SPECTRAL_SHAPE, "the stride along the columns is -2") { $0.stride.1 = -2 },
    Change(SPECTRAL_SHAPE, "the dilation along the rows is 0") { $0.dilation.0 = 0 },
    Change(SPECTRAL_SHAPE, "too large to compute with") { $0.dilation.0 = .max },
    Change(SPECTRAL_SHAPE, "the padding along the rows is negative") { $0.padding_before.0 = -1 },
    Change(SPECTRAL_SHAPE, "too large to compute with") { $0.padding_after.1 = .max },
    Change(SPECTRAL_MEMORY, "the machine has") { $0.padding_after = (1 << 38, 1 << 20, 0) },
    Change(SPECTRAL_MEMORY, "the machine has") {
      ($0.padding, $0.dilation.0) = (Int32(SPECTRAL_PADDING_FULL), 1 << 38)
    },
    Change(SPECTRAL_INVALID, "4 is no padding") { $0.padding = 4 },
    Change(SPECTRAL_INVALID, "2 is no operation") { $0.operation = 2 },
    Change(SPECTRAL_INVALID, "-1 is no boundary") { $0.boundary = -1 },
    Change(SPECTRAL_INVALID, "the boundary_value is nan") {
      ($0.boundary, $0.boundary_value) = (Int32(SPECTRAL_BOUNDARY_CONSTANT), .nan)
    },
    Change(SPECTRAL_INVALID, "3 is no method") { $0.method = 3 },
    Change(SPECTRAL_INVALID, "7 is no provider of transforms") { $0.transforms = 7 },
    Change(SPECTRAL_INVALID, "2 is no planning") { $0.planning = 2 },
    Change(SPECTRAL_INVALID, "the memory_limit is -1 bytes") { $0.memory_limit = -1 },
    Change(SPECTRAL_MEMORY, "raise the limit") { $0.memory_limit = 1 },
  ]

  @Test(arguments: changes) func options(_ change: Change) {
    var options = Self.good
    change.change(&options)
    var plan: OpaquePointer?
    #expect(Int(spectral_plan_create(&options, &plan)) == change.status, "\(message)")
    #expect(plan == nil)
    #expect(message.contains(change.sentence), "\(message)")
  }

  @Test func solversByName() {
    var options = Self.good
    var plan: OpaquePointer?
    "fft.nothing".withCString { name in
      options.solver = name
      #expect(spectral_plan_create(&options, &plan) == SPECTRAL_INVALID)
      #expect(message.contains("there is no solver fft.nothing: take one of direct.window"))
    }
    // It can be computed, but not in this way within the limit.
    "direct.window".withCString { name in
      options.solver = name
      options.memory_limit = 64
      #expect(spectral_plan_create(&options, &plan) == SPECTRAL_UNSUPPORTED)
      #expect(message.contains("direct.window cannot do this"), "\(message)")
    }
  }

  @Test func nullPointersAndHandles() throws {
    var options = Self.good
    var plan: OpaquePointer?
    #expect(spectral_plan_create(nil, &plan) == SPECTRAL_INVALID)
    #expect(message == "the options must be given: the pointer is null")
    #expect(spectral_plan_create(&options, nil) == SPECTRAL_INVALID)
    #expect(spectral_plan_defaults(nil) == SPECTRAL_INVALID)
    #expect(spectral_plan_create(&options, &plan) == SPECTRAL_OK)
    #expect(spectral_tape_free(plan) == SPECTRAL_INVALID)
    #expect(message == "the tape is none, or it was freed already")
    #expect(spectral_plan_free(plan) == SPECTRAL_OK)
    #expect(spectral_plan_free(plan) == SPECTRAL_INVALID)
    #expect(spectral_plan_free(nil) == SPECTRAL_OK)
    var sizes: [Int64] = [0, 0, 0]
    #expect(spectral_plan_output_sizes(plan, &sizes) == SPECTRAL_INVALID)
    #expect(spectral_plan_output_sizes(nil, &sizes) == SPECTRAL_INVALID)
    #expect(message == "the plan is a null pointer")
    #expect(spectral_plan_output_sizes(OpaquePointer(bitPattern: 8), &sizes) == SPECTRAL_INVALID)
  }

  /// A change of a good array that makes it bad.
  struct ArrayChange: Sendable, CustomTestStringConvertible {
    let status: Int
    let sentence: String
    let change: @Sendable (inout spectral_array) -> Void
    init(_ status: Int, _ sentence: String, _ change: @escaping @Sendable (inout spectral_array) -> Void) {
      (self.status, self.sentence, self.change) = (status, sentence, change)
    }
    var testDescription: String { sentence }
  }

  private static let arrayChanges: [ArrayChange] = [
    ArrayChange(SPECTRAL_INVALID, "has no data: the pointer is null") { $0.data = nil },
    ArrayChange(SPECTRAL_INVALID, "is not aligned") { $0.data += 1 },
    ArrayChange(SPECTRAL_INVALID, "is of float64, and must be of float32") { $0.dtype = Int32(SPECTRAL_FLOAT64) },
    ArrayChange(SPECTRAL_INVALID, "is of complex64, and must be of float32") { $0.dtype = Int32(SPECTRAL_COMPLEX64) },
    ArrayChange(SPECTRAL_INVALID, "has the dtype 0, which is none") { $0.dtype = 0 },
    ArrayChange(SPECTRAL_INVALID, "has -1 axes") { $0.rank = -1 },
    ArrayChange(SPECTRAL_INVALID, "has 9 axes") { $0.rank = 9 },
    ArrayChange(SPECTRAL_SHAPE, "is 1 x 1 x 8, and must be 1 x 1 x 8 x 8") { $0.rank = 3 },
    ArrayChange(SPECTRAL_SHAPE, "is 1 x 1 x 7 x 8, and must be 1 x 1 x 8 x 8") { $0.sizes.2 = 7 },
    ArrayChange(SPECTRAL_INVALID, "their product can be counted") { $0.sizes.3 = -8 },
    ArrayChange(SPECTRAL_INVALID, "their product can be counted") { ($0.sizes.2, $0.sizes.3) = (1 << 40, 1 << 40) },
    ArrayChange(SPECTRAL_INVALID, "beyond all memory") { $0.strides.2 = .max },
    ArrayChange(SPECTRAL_INVALID, "beyond all memory") { $0.strides.2 = .min },
    ArrayChange(SPECTRAL_INVALID, "beyond all memory") { $0.strides.3 = 1 << 56 },
  ]

  @Test(arguments: arrayChanges) func arrays(_ change: ArrayChange) throws {
    let plan = try #require(CPlan(Self.good))
    let (x, w, y) = (CArray<Float>([1, 1, 8, 8]), CArray<Float>([1, 1, 3, 3]), CArray<Float>([1, 1, 6, 6]))
    var bad = x.array
    change.change(&bad)
    #expect(w { w in y { y in Int(spectral_forward(plan.handle, &bad, w, nil, 0, y)) } } == change.status)
    #expect(message.hasPrefix("input ") && message.contains(change.sentence), "\(message)")
    #expect(y.tensor.elements.allSatisfy { $0.isNaN }, "a refused call wrote to its result")
  }

  @Test func resultsNeedPlacesOfTheirOwn() throws {
    let plan = try #require(CPlan(planOptions { ($0.axes, $0.input.0, $0.kernel.0) = (1, 8, 1) }))
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 32)
    defer { memory.deallocate() }
    memory.initialize(repeating: 1, count: 32)
    func array(_ start: Int, _ count: Int, _ step: Int) -> spectral_array {
      var array = spectral_array()
      (array.data, array.dtype, array.rank) = (UnsafeMutableRawPointer(memory + start), Int32(SPECTRAL_FLOAT32), 3)
      (array.sizes.0, array.sizes.1, array.sizes.2) = (1, 1, Int64(count))
      (array.strides.0, array.strides.1, array.strides.2) = (0, 0, Int64(step))
      return array
    }
    var (w, x) = (array(31, 1, 1), array(0, 8, 1))
    func forward(_ output: spectral_array) -> Int {
      var output = output
      return Int(spectral_forward(plan.handle, &x, &w, nil, 0, &output))
    }
    #expect(forward(array(4, 8, 1)) == SPECTRAL_INVALID)
    #expect(message == "output overlaps input: a result needs memory of its own")
    #expect(forward(array(24, 8, 1)) == SPECTRAL_INVALID)
    #expect(message == "output overlaps filter: a result needs memory of its own")
    #expect(forward(array(8, 8, 0)) == SPECTRAL_INVALID)
    #expect(message.contains("several elements may share a place"))
    #expect(forward(array(8, 8, 1)) == SPECTRAL_OK)
    // Every second number, as real and imaginary parts are: side by side, and not the same.
    x = array(0, 8, 2)
    #expect(forward(array(1, 8, 2)) == SPECTRAL_OK)
    #expect(forward(array(2, 8, 2)) == SPECTRAL_INVALID)
  }

  @Test func theEndsOfMemoryAreNoTrap() throws {
    let plan = try #require(CPlan(Self.good))
    let (w, y) = (CArray<Float>([1, 1, 3, 3]), CArray<Float>([1, 1, 6, 6]))
    var bad = CArray<Float>([1, 1, 8, 8]).array
    for address in [UInt.max - 3, UInt(Int.max) - 3, UInt(Int.max) + 1] {
      bad.data = UnsafeMutableRawPointer(bitPattern: address)
      #expect(w { w in y { y in spectral_forward(plan.handle, &bad, w, nil, 0, y) } } == SPECTRAL_INVALID)
    }
  }

  @Test func threadsAndMessages() async {
    #expect(spectral_set_threads(0) == SPECTRAL_INVALID)
    let own = message
    #expect(own == "0 threads cannot work: there may be 1 to 1024")
    // Another thread has a message of its own.
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        #expect(message == "")
        #expect(spectral_set_threads(-5) == SPECTRAL_INVALID)
        #expect(message.hasPrefix("-5 threads"))
        continuation.resume()
      }
    }
  }

  @Test func longMessagesEndBetweenCharacters() {
    let text = String(repeating: "é", count: 2000)
    var filter: OpaquePointer?
    var options = spectral_frequency_options()
    #expect(spectral_frequency_defaults(&options) == SPECTRAL_OK)
    (options.sizes.0, options.sizes.1) = (8, 8)
    #expect(text.withCString { spectral_frequency_filter_create(&options, $0, &filter) } == SPECTRAL_VALUE)
    #expect(message.utf8.count < 1024 && !message.contains("\u{FFFD}"))
  }
}
