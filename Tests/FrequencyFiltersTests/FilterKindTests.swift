import SpectralImaging
import Testing

@Suite struct FilterKindTests {
  @Test func readsWhatItShows() throws {
    for kind in FilterKind.allCases {
      for shape in FilterShape.names { _ = try kind.filter(parsing: kind.example(shape)) }
    }
  }

  /// The text and the call mean the same, in all units.
  @Test func textsAreFilters() throws {
    let pairs: [(FilterKind, String, FrequencyFilter)] = [
      (.lowpass, "gaussian:0.08", .lowPass(.gaussian, cutoff: 0.08)),
      (.highpass, "ideal:12px", .highPass(.ideal, cutoff: .wavelength(12))),
      (.lowpass, "butterworth:0.2nyq,2", .lowPass(.butterworth(order: 2), cutoff: 0.1)),
      (.bandpass, "butterworth:0.05,0.2,3", .bandPass(.butterworth(order: 3), from: 0.05, to: 0.2)),
      (.bandstop, "gaussian:20px,5px", .bandStop(.gaussian, from: 0.05, to: 0.2)),
      (.notch, "gaussian:-0.25,0.0,0.02", .notch(.gaussian, x: -0.25, y: 0, radius: 0.02)),
      (.directional, "keep:butterworth:30,10,4", .directional(.butterworth(order: 4), angle: 30, halfWidth: 10)),
      (
        .directional, "remove:gaussian:90,0.5,50px",
        .removingDirection(.gaussian, angle: 90, halfWidth: 0.5, cutoff: 0.02)
      ),
      (
        .directional, "remove:butterworth:-45,5,0.1,3",
        .removingDirection(.butterworth(order: 3), angle: -45, halfWidth: 5, cutoff: 0.1)
      ),
      (.unsharp, "gaussian:0.1,0.8", .unsharp(.gaussian, cutoff: 0.1, amount: 0.8)),
      (.highBoost, "gaussian:0.1,1.5", .highBoost(.gaussian, cutoff: 0.1, boost: 1.5)),
      (.emphasis, "gaussian:0.02,0.5,2", .emphasis(.gaussian, cutoff: 0.02, low: 0.5, high: 2)),
    ]
    for (kind, text, filter) in pairs {
      let read = try kind.filter(parsing: text)
      for (fx, fy) in [(0.0, 0.0), (0.03, 0.07), (0.25, 0.01), (-0.2, 0.3)] {
        #expect(read(fx, fy) == filter(fx, fy), "\(kind) \(text)")
      }
    }
  }

  /// The square of such a cut-off is 0 in double precision.
  @Test(arguments: FilterShape.names) func aCutOffMayBeAsSmallAsANumberCanBe(shape: String) throws {
    for text in ["1e-300", "5e-324"] {
      let order = shape == "butterworth" ? ",2" : ""
      for filter in [
        try FilterKind.lowpass.filter(parsing: "\(shape):\(text)\(order)"),
        try FilterKind.directional.filter(parsing: "keep:\(shape):0,\(text)\(order)"),
      ] {
        #expect(filter(0, 0) == 1 && filter(0, 0.1) == 0)
      }
      let notch = try FilterKind.notch.filter(parsing: "\(shape):0.25,0,\(text)\(order)")
      #expect(notch(0.25, 0) == 0 && notch(0, 0.1) == 1)
    }
  }

  private static let refused: [(FilterKind, String, String)] = [
    (.lowpass, "butterworth:0.1", "butterworth needs a cut-off and an order"),
    (.lowpass, "butterworth", "butterworth needs a cut-off and an order"),
    (.lowpass, "gaussian:0.1,2", "gaussian needs a cut-off"),
    (.bandpass, "gaussian:0.1", "gaussian needs a lower cut-off and an upper cut-off"),
    (.notch, "ideal:0.1,0.2", "ideal needs fx, fy and a radius"),
    (.lowpass, "gauss:0.1", "needs a shape, ideal, gaussian or butterworth, before a colon, not 'gauss'"),
    (.lowpass, "0.1", "needs a shape"), (.lowpass, "", "needs a shape"),
    (.lowpass, "gaussian:0", "needs a cut-off above 0"), (.lowpass, "gaussian:-1px", "needs a cut-off above 0"),
    (.lowpass, "gaussian:0.6", "0.6 is beyond Nyquist"),
    (.lowpass, "gaussian:0.6", "or 0.6nyq for a fraction of Nyquist"),
    (.highpass, "ideal:12", "or 12px for a wavelength"), (.lowpass, "gaussian:1.9px", "1.9px is beyond Nyquist"),
    (.notch, "gaussian:0.3,-0.51,0.1", "-0.51 is beyond Nyquist"), (.notch, "gaussian:0px,1,0.1", "no frequency"),
    (.bandstop, "ideal:0.3,0.1", "the slower cut-off first"),
    (.bandstop, "ideal:8px,16px", "8px is not slower than 16px"),
    (.lowpass, "butterworth:0.1,0", "a whole number from 1 to 100"), (.lowpass, "butterworth:0.1,1.5", "not '1.5'"),
    (.directional, "keep:ideal:30,0", "above 0 and up to 90"),
    (.directional, "keep:ideal:x,5", "an angle in degrees, a number, not 'x'"),
    (.directional, "ideal:30,5", "needs keep: or remove: before its shape, not 'ideal:30,5'"),
    (.directional, "remove", "needs keep: or remove: before its shape"),
    (
      .directional, "remove:ideal:90,5",
      "ideal needs an angle in degrees, half a width in degrees and a cut-off below which waves pass"
    ),
    (.directional, "keep:ideal:90,5,0.1", "ideal needs an angle in degrees and half a width in degrees"),
    (.directional, "remove:ideal:90,5,0.7", "beyond Nyquist"),
    (.unsharp, "gaussian:0.1,nan", "an amount, a number"), (.lowpass, "gaussian:a", "no frequency"),
  ]

  @Test(arguments: refused) func whatIsWrongIsSaid(kind: FilterKind, text: String, words: String) {
    let error = #expect(throws: FrequencyFilterError.self) { try kind.filter(parsing: text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}
