/// Runs a task until it has taken long enough to say how long it takes, at least once and at most `most` times.
///
/// - Returns: The median, in seconds.
func medianSeconds(most: Int, budget: Double = 2, _ task: () -> Void) -> Double {
  let clock = ContinuousClock()
  let start = clock.now
  var times: [Double] = []
  repeat {
    times.append(seconds(clock.measure(task)))
  } while times.count < most && seconds(clock.now - start) < budget
  return median(times)
}

/// The middle one of some values, or the mean of the two in the middle.
func median(_ values: [Double]) -> Double {
  let values = values.sorted()
  let middle = values.count / 2
  return values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
}

private func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + 1e-18 * Double(duration.components.attoseconds)
}
