import Foundation
import SpectralKit

/// The playground: one page on the loopback address, and the calls that it makes, answered by the library.
///
/// ```swift
/// let playground = try Playground()
/// print(playground.address)             // http://127.0.0.1:8123/
/// playground.stop()
/// ```
/// All that it holds is in memory, and gone when it ends. See <doc:PlaygroundInterface> for the calls.
public final class Playground: Sendable {
  /// What it begins with.
  public struct Settings: Sendable {
    /// The port; nil for the first free from 8123 on, 0 for one that the system chooses.
    public var port: UInt16?
    /// A picture to begin with.
    public var image: String?
    /// The folder with the files of MNIST.
    public var data: String?

    /// The usual settings.
    public init(port: UInt16? = nil, image: String? = nil, data: String? = nil) {
      (self.port, self.image, self.data) = (port, image, data)
    }
  }

  private let server: HTTPServer
  private let training: LiveTraining

  /// Begins to listen.
  ///
  /// - Throws: ``PlaygroundError`` if the port cannot be used, `FileError` if the picture or the data cannot be read.
  public convenience init(_ settings: Settings = Settings()) throws {
    try self.init(settings, limits: ServerLimits())
  }

  package init(_ settings: Settings, limits: ServerLimits) throws {
    // The socket first: that a port is in use should be said at once.
    let socket = try Listener.open(port: settings.port)
    let guards = Guards(port: socket.port, bodyLimit: limits.bodyBytes)
    do {
      let workbench = try Workbench(image: settings.image)
      training = try LiveTraining(mnist: settings.data)
      let admission = Admission()
      let computing =
        PictureCalls.routes(workbench) + FilterCalls.routes(workbench) + KernelCalls.routes(workbench)
        + SlideCalls.routes
      let routes =
        Page.routes + StateCalls.routes(workbench, training, guards) + LearnCalls.routes(training)
        + computing.map { $0.admitted(by: admission) }
      server = try HTTPServer(socket, Router(routes: routes), guards: guards, limits: limits)
    } catch {
      close(socket.descriptor)
      throw error
    }
  }

  deinit { server.stop(patience: nil) }

  /// The port that it listens on.
  public var port: UInt16 { server.port }

  /// Requests that have begun and are not over.
  package var openRequests: Int { server.openRequests }
  /// Bytes of requests that are in memory.
  package var heldBytes: Int { server.heldBytes }

  /// The address of the page.
  public var address: String { "http://127.0.0.1:\(port)/" }

  /// Ends the training and takes no more requests; waits a moment, but for nothing that takes long.
  ///
  /// - Returns: Whether all is over. If not, the end of the process ends it.
  @discardableResult
  public func stop() -> Bool {
    training.close()
    return server.stop()
  }
}
