import Synchronization

/// What callers hold of one kind, by numbers that are never given out again: so a handle that was freed, or is of another
/// kind, is noticed, and what a thread works with stays until it is done.
final class HandleTable<Object: Sendable>: Sendable {
  private struct Entries {
    var next: UInt
    var objects: [UInt: Object] = [:]
  }

  private let name: String
  private let entries: Mutex<Entries>
  /// Kinds that can be told apart by the lowest digit of their numbers.
  private static var step: UInt { 16 }

  /// - Parameters:
  ///   - name: What messages call the kind, e.g. `plan`.
  ///   - kind: From 1 to 15, for each kind another.
  init(_ name: String, kind: UInt) {
    self.name = name
    // Far from what null pointers and small integers look like.
    entries = Mutex(Entries(next: 1 << 20 + kind))
  }

  /// A handle of an object.
  func add(_ object: Object) -> OpaquePointer {
    let number = entries.withLock { entries in
      let number = entries.next
      entries.next += Self.step
      entries.objects[number] = object
      return number
    }
    return OpaquePointer(bitPattern: number)!
  }

  /// The object of a handle.
  func object(_ handle: OpaquePointer?) throws(InterfaceError) -> Object {
    guard let object = entries.withLock({ $0.objects[UInt(bitPattern: handle)] }) else { throw refusal(handle) }
    return object
  }

  /// Takes a handle back. A null pointer is none, and nothing happens.
  func remove(_ handle: OpaquePointer?) throws(InterfaceError) {
    guard let handle else { return }
    // What is freed is freed outside of the lock.
    let object = entries.withLock { $0.objects.removeValue(forKey: UInt(bitPattern: handle)) }
    guard object != nil else { throw refusal(handle) }
  }

  private func refusal(_ handle: OpaquePointer?) -> InterfaceError {
    .invalid(handle == nil ? "the \(name) is a null pointer" : "the \(name) is none, or it was freed already")
  }
}

/// The handles of the process.
enum Handles {
  static let plans = HandleTable<any PlanPasses>("plan", kind: 1)
  static let filters = HandleTable<any HeldFilters>("filters handle", kind: 2)
  static let tapes = HandleTable<any StepTape>("tape", kind: 3)
  static let frequencyFilters = HandleTable<any FrequencyPlan>("frequency filter", kind: 4)
}

/// The place where a new handle goes.
func newHandlePlace(
  _ place: UnsafeMutablePointer<OpaquePointer?>?, _ name: String
) throws(InterfaceError) -> UnsafeMutablePointer<OpaquePointer?> {
  try requirePointer(place, "the place for the \(name)")
}
