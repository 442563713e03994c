import CSpectral
import SpectralConvolution
import SpectralCore
import SpectralImaging

/// A status other than `SPECTRAL_OK`, and the sentence that goes with it.
struct InterfaceError: Error {
  let status: Int
  let message: String

  init(_ status: Int, _ message: String) { (self.status, self.message) = (status, message) }

  /// An argument that is wrong by itself.
  static func invalid(_ message: String) -> InterfaceError { InterfaceError(SPECTRAL_INVALID, message) }

  /// What the library threw.
  init(_ error: any Error) {
    switch error {
    case let error as InterfaceError: self = error
    case let error as ConvolutionError:
      self.init(error.neededBytes == nil ? SPECTRAL_SHAPE : SPECTRAL_MEMORY, error.description)
    case let error as FrequencyFilterError:
      self.init(error.neededBytes == nil ? SPECTRAL_VALUE : SPECTRAL_MEMORY, error.description)
    case let error as MemoryError: self.init(SPECTRAL_MEMORY, error.description)
    default: self.init(SPECTRAL_VALUE, "\(error)")
    }
  }
}

/// The status of what a function of the interface does; its message is left for the thread.
@inline(__always)
func report(_ body: () throws -> Void) -> spectral_status {
  _ = Forks.areExpected
  sk_begin_call()
  defer { sk_end_call() }
  do {
    try body()
    return spectral_status(SPECTRAL_OK)
  } catch {
    return failed(error)
  }
}

/// What a fork leaves in the child.
private enum Forks {
  /// Whether the child of a fork begins with threads of its own.
  static let areExpected: Bool = {
    sk_restart_after_fork { Parallel.restartAfterFork() }
    return true
  }()
}

@inline(never)
private func failed(_ error: any Error) -> spectral_status {
  let error = InterfaceError(error)
  var message = error.message
  message.withUTF8 { text in
    text.withMemoryRebound(to: CChar.self) { sk_set_message($0.baseAddress!, $0.count) }
  }
  return spectral_status(error.status)
}
