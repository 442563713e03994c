import Foundation
import SpectralMPI

// What the processes of a run do together, checked by each of them. Started by `mpirun`; says one line that a test reads.

var failures: [String] = []

@MainActor func expect(_ isRight: Bool, _ words: String) {
  if !isRight { failures.append(words) }
}

let world = try MPI.start()
let (rank, size) = (world.rank, world.size)

switch CommandLine.arguments.dropFirst().first {
case "error":
  // A rank that is not there: an error with MPI's own words, and the process lives.
  do {
    try world.send([1], to: size)
    print("no error")
  } catch {
    print(error)
  }
case "end":
  // One ends without a word to the others, who would wait for it for ever.
  if rank == 0 { exit(3) }
  try world.barrier()
default:
  try world.barrier()
  expect(rank >= 0 && rank < size, "rank")

  // Sums, extremes: of each type, and of more numbers than one.
  var integers = [rank, 10 * rank, -rank]
  try world.reduce(&integers, by: .sum)
  let sum = size * (size - 1) / 2
  expect(integers == [sum, 10 * sum, -sum], "sum of integers: \(integers)")
  var doubles = (0..<1000).map { Double($0 * (rank + 1)) }
  try world.reduce(&doubles, by: .maximum)
  expect(doubles == (0..<1000).map { Double($0 * size) }, "maximum")
  var floats = [Float(rank) - 1, 7]
  try world.reduce(&floats, by: .minimum)
  expect(floats == [-1, 7], "minimum: \(floats)")
  var nothing: [Double] = []
  try world.reduce(&nothing, by: .sum)
  expect(nothing.isEmpty, "sum of nothing")

  // From each rank to all.
  for root in 0..<size {
    var numbers = rank == root ? [root, 42] : [0, 0]
    try world.broadcast(&numbers, from: root)
    expect(numbers == [root, 42], "broadcast from \(root): \(numbers)")
  }

  let all = try world.gather([UInt8(rank), 5])
  expect(all == (0..<size).map { [UInt8($0), 5] }, "gather: \(all)")
  expect(try world.gather([]) == Array(repeating: [], count: size), "gather nothing")

  // Each waits for the last, who comes late.
  if rank == size - 1 { usleep(50_000) }
  let request = try world.gathering([UInt8(rank)])
  var asked = 0
  while try !request.isDone() { asked += 1 }
  expect(try request.value().flatMap { $0 } == (0..<size).map { UInt8($0) }, "gathering")
  expect(rank == size - 1 || asked > 0, "gathering was done before the last had come")

  // A ring: to the next, from the one before, also messages of nothing and of a megabyte.
  for count in [0, 1, 1 << 20] {
    let sending = try world.sending([UInt8](repeating: UInt8(rank), count: count), to: (rank + 1) % size, tag: 3)
    let before = (rank + size - 1) % size
    let bytes = try world.receive(from: before, tag: 3)
    expect(bytes == [UInt8](repeating: UInt8(before), count: count), "ring of \(count)")
    try sending.wait()
    expect(try sending.isDone(), "a message that was waited for is not done")
  }
  expect(try world.message(tag: 9) == nil, "a message that nobody sent")
  try world.barrier()
  // Everybody to the first.
  if rank > 0 { try world.send([UInt8(rank)], to: 0, tag: 4) }
  try world.barrier()
  if rank == 0 {
    var senders: Set<Int> = []
    while senders.count < size - 1 {
      guard let (bytes, sender) = try world.message(tag: 4) else { continue }
      expect(bytes == [UInt8(sender)], "message of \(sender)")
      senders.insert(sender)
    }
  }

  // Odd and even ranks, the last of each first.
  let half = try world.split(color: rank % 2, key: -rank)
  let members = stride(from: rank % 2, to: size, by: 2).reversed().map { $0 }
  expect(half.size == members.count && members[half.rank] == rank, "split")
  var own = [rank]
  try half.reduce(&own, by: .sum)
  expect(own == [members.reduce(0, +)], "sum of a half")
  expect(try world.onThisMachine().size == size, "machine")

  var wrong = [failures.count]
  try world.reduce(&wrong, by: .sum)
  for failure in failures { print("rank \(rank) of \(size): \(failure)") }
  if rank == 0 { print(wrong[0] == 0 ? "right on \(size)" : "wrong on \(size)") }
}
MPI.end()
