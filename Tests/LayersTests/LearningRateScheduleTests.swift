import SpectralNetworks
import Testing

@Suite struct LearningRateScheduleTests {
  @Test func constantAndSteps() throws {
    let constant = try LearningRateSchedule(parsing: "constant")
    #expect(constant.rate(at: 7, of: 10, base: 0.3) == 0.3)
    let steps = try LearningRateSchedule(parsing: "step:2,0.5")
    let rates = (0..<9).map { steps.rate(at: $0, of: 9, base: 8, stepsPerEpoch: 2) }
    #expect(rates == [8, 8, 8, 8, 4, 4, 4, 4, 2])
    #expect((0..<5).map { steps.rate(at: $0, of: 5, base: 8) } == [8, 8, 4, 4, 2])
  }

  @Test func cosineIsPyTorchs() throws {
    let schedule = try LearningRateSchedule(parsing: "cosine:0.05")
    for (step, rate) in try Reference("cosine").doubles("rates").enumerated() {
      #expect(abs(schedule.rate(at: step, of: 10, base: 0.5) - rate) <= 1e-15)
    }
    #expect(abs(schedule.rate(at: 10, of: 10, base: 0.5) - 0.05) <= 1e-15)
  }

  @Test func warmUpIsALineThenAnother() throws {
    let schedule = try LearningRateSchedule(parsing: "warmup:4,cosine")
    #expect((0..<5).map { schedule.rate(at: $0, of: 12, base: 1) } == [0.25, 0.5, 0.75, 1, 1])
    #expect(abs(schedule.rate(at: 8, of: 12, base: 1) - 0.5) <= 1e-15)
    #expect(try LearningRateSchedule(parsing: "warmup:3") == .warmUp(steps: 3, then: .constant))
    #expect(schedule.rate(at: 2, of: 0, base: 1) == 0.75)
  }

  @Test(arguments: ["constant", "step:30,0.1", "cosine", "cosine:1e-05", "warmup:100", "warmup:5,step:2,0.5"])
  func textGoesRoundTrip(text: String) throws {
    let schedule = try LearningRateSchedule(parsing: text)
    #expect(schedule.description == text)
    #expect(try LearningRateSchedule(parsing: schedule.description) == schedule)
  }

  @Test(arguments: [
    "", "linear", "constant:1", "step", "step:", "step:0,0.1", "step:3", "step:3,", "step:3,0", "step:3,nan",
    "step:3,0.1,4", "step:1.5,0.1", "cosine:", "cosine:-1", "cosine:inf", "warmup", "warmup:0", "warmup:5,",
    "warmup:5,warmup:5", "warmup:5,line", "step:99999999999999999999,1",
  ])
  func wrongTextSaysWhatIsAllowed(text: String) {
    let error = #expect(throws: ScheduleError.self) { try LearningRateSchedule(parsing: text) }
    #expect(error?.description.contains("write") == true || error?.description.contains("must be") == true)
  }

  @Test func hugeNumbersDoNotOverflow() throws {
    let schedule = try LearningRateSchedule(parsing: "step:\(Int.max),0.5")
    #expect(schedule.rate(at: 5, of: 10, base: 1, stepsPerEpoch: 1000) == 1)
  }
}
