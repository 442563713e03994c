import SpectralFigures
import SpectralKit

/// What idea 6 tells of its findings.
extension FiltersLesson {
  public static func text(_ findings: Findings) -> LessonText {
    func edge(_ shape: FilterShape) -> Edge { findings.edges.first { $0.shape == shape }! }
    let (ideal, gaussian) = (edge(.ideal), edge(.gaussian))
    return LessonText(
      idea: """
        A wave that goes through a filter comes out as *the same wave*: stronger or weaker, and perhaps moved. So a \
        filter is known by one number for each wave, its *frequency response*.
        """,
      body: kernels(findings) + shapes(findings) + ringing(findings),
      numbers: [
        .init(
          "waves through \(findings.kernels.count) kernels, largest distance from what the response foretells",
          scientific(findings.kernels.map(\.error).max()!)),
        .init(
          "kernels from their responses, largest distance of a weight",
          scientific(findings.kernels.map(\.returnError).max()!)),
        .init(
          "waves through \(findings.filters.count) filters, largest distance from what the response foretells",
          scientific(findings.filters.map(\.error).max()!)),
        .init("an edge behind the ideal low-pass overshoots by", percent(ideal.overshoot)),
        .init("behind a Butterworth low-pass of order 2", percent(edge(.butterworth(order: 2)).overshoot)),
        .init("behind the Gaussian", percent(abs(gaussian.overshoot))),
        .init(
          "stripes before and after the Gaussian notch, root mean square",
          "\(decimals(findings.stripes, 3)) and \(decimals(findings.left.last!, 3))"),
      ],
      notice: [
        """
        Kernels that average have gain 1 at frequency 0 and less beyond it; kernels that take differences have gain 0 \
        there, so an even place gives nothing. Sobel turns every wave by a quarter of a circle as well: it answers where \
        brightness *changes*, not where it is high.
        """,
        """
        The box has sharp ends in space, so its response rings: it falls through 0 at 1/5 of a cycle per pixel, and waves \
        beyond come out upside down. The ideal filter has a sharp end in frequency, so it rings in space. The Gaussian is \
        smooth in both, and rings in neither.
        """,
        """
        Half the cut-off makes the rings of the ideal filter twice as wide, and not higher: \
        \(percent(findings.edges[0].overshoot)) and \(percent(findings.edges[1].overshoot)). That is Gibbs' number, \
        \(percent(gibbs)).
        """,
      ],
      exercises: [
        .init(
          "How far does a Gaussian low-pass with a cut-off of 0.05 cycles per pixel reach in space?",
          answer: """
            The transform of a Gaussian is a Gaussian, and the deviations are each other's inverse but for \
            \(math: "2 π"): \(math: .fraction("1", "2 π · 0.05") + "= 3.2") pixels. Half the cut-off reaches twice as far.
            """),
        .init(
          """
          Upright stripes of 5 pixels from crest to crest go through the box of 5 x 5. What is left? And of stripes of 3 \
          pixels?
          """,
          answer: """
            Nothing of the first: any five neighbours hold one whole wave, whose mean is 0. At 1/3 of a cycle the \
            response is \(math: .fraction("sin(5 π / 3)", "5 sin(π / 3)") + "= -0.2"): a fifth of the stripes, light \
            where they were dark.
            """),
      ])
  }

  /// `ideal`, `Butterworth, order 2`, `Gaussian`.
  private static func name(_ shape: FilterShape) -> String {
    switch shape {
    case .ideal: "ideal"
    case .gaussian: "Gaussian"
    case .butterworth(let order): "Butterworth, order \(order)"
    }
  }

  // MARK: Kernels

  private static func kernels(_ findings: Findings) -> [Block] {
    [
      .text(
        """
        Put the wave \(math: .power("e", "2 π i f n")) into a convolution. It comes out of the sum as a factor, and what \
        stays behind is a number that depends on the frequency alone:
        """),
      .formula(
        .sum(over: "k") + .power("e", "2 π i f (n - k)") + "w(k) =" + .power("e", "2 π i f n") + "·"
          + .hat("w") + "(f)" + .words("with") + .hat("w") + "(f) =" + .sum(over: "k") + "w(k)"
          + .power("e", "-2 π i f k")),
      .text(
        """
        \(math: .hat("w")) is the transform of the kernel. Its magnitude is the *gain* of the wave, its angle the part of \
        a circle by which the wave is turned. The inverse transform leads back from the response to the kernel.
        """),
      .pictures(
        findings.kernels.map { answer in
          Picture(
            Plane.pair(Plane.signed(framed(answer.kernel)), response(answer.kernel)),
            alt: "The weights of the \(answer.name) kernel, and the magnitude of its response below.",
            caption: answer.name)
        },
        caption: """
          Above: weights; grey is 0, lighter and red positive, darker and blue negative. Below: the magnitude of the \
          response from black, 0, to white, the largest; frequency 0 in the middle, half a cycle per pixel at the edges.
          """),
      chart(
        "Kernels that average", findings, ["box", "Gaussian", "motion"],
        alt: "Three gains that fall from 1; the box's touches 0 at 0.2 cycles per pixel and rises again."),
      chart(
        "Kernels that sharpen, or look for something", findings, ["sharpen", "Sobel", "Laplacian", "Gabor"],
        alt: """
          Sharpen and Laplacian rise to the right; Sobel is largest at a quarter of a cycle per pixel, Gabor at a sixth.
          """),
      .table(
        Table(
          ["kernel", "gain at frequency 0", "wave of 8 pixels: measured", "by the response", "turned by"],
          findings.kernels.map { answer in
            let response = answer.kernel.response(fx: 0.125, fy: 0)
            // The kernels are exact to a few roundings; that turns nothing.
            let turned = response.phaseInDegrees.rounded()
            let angle = turned == -180 ? 180 : turned
            return [
              answer.name, decimals(answer.kernel.sum, 3).replacingOccurrences(of: "-", with: "−"),
              decimals(answer.measured[8], 4), decimals(response.magnitude, 4),
              "\(Int(angle))°".replacingOccurrences(of: "-", with: "−"),
            ]
          }), caption: "Along the rows. Half a circle, 180°, is upside down."),
      .pictures(
        [Picture(Plane.grey(findings.picture, 0...1), alt: "The picture in grey.", caption: "picture")]
          + findings.kernels.map { answer in
            Picture(
              abs(answer.kernel.sum) > 0.5 ? Plane.grey(answer.filtered, 0...1) : Plane.signed(answer.filtered),
              alt: "The picture through the \(answer.name) kernel.", caption: answer.name)
          },
        caption: "The picture through each. Where the gain at frequency 0 is 0, the result has a sign: grey is 0."),
    ]
  }

  /// The weights as squares in the middle of 72 x 72 pixels.
  private static func framed(_ kernel: Kernel) -> Tensor<Double> {
    let side = 72
    let scale = side / max(kernel.height, kernel.width)
    let (top, left) = ((side - scale * kernel.height) / 2, (side - scale * kernel.width) / 2)
    let taps = kernel.taps
    return Tensor(
      [side, side],
      (0..<side * side).map { place in
        let (y, x) = (place / side - top, place % side - left)
        guard y >= 0, x >= 0, y < scale * kernel.height, x < scale * kernel.width else { return 0 }
        return taps[y / scale, x / scale]
      })
  }

  private static func response(_ kernel: Kernel) -> RasterImage {
    let magnitudes = Plane.centred(kernel.response(height: 72, width: 72)) { $0.magnitude }
    return Plane.grey(magnitudes, 0...magnitudes.maximumMagnitude)
  }

  private static func largestGain(_ answer: KernelAnswer) -> Double { answer.predicted.max()! }

  private static func chart(_ title: String, _ findings: Findings, _ names: [String], alt: String) -> Block {
    let answers = findings.kernels.filter { names.contains($0.name) }
    let fine = (0...200).map { Double($0) / 400 }
    return .chart(
      Chart(
        title, horizontal: ChartAxis("cycles per pixel along the rows", .linear),
        vertical: ChartAxis("gain, as a share of the largest", .linear),
        series: answers.map { answer in
          let responses = answer.kernel.response(along: .x, at: fine)
          let largest = largestGain(answer)
          return .init(answer.name, zip(fine, responses).map { .init($0, $1.magnitude / largest) }, style: .smooth)
        } + [
          .init(
            "measured",
            answers.flatMap { answer in
              zip(frequencies, answer.measured).map { .init($0, $1 / largestGain(answer)) }
            }, style: .dots)
        ]),
      alt: alt, caption: "Lines: the response. Marks: waves that went through the kernel, by the definition.")
  }

  // MARK: Filters by their response

  private static func shapes(_ findings: Findings) -> [Block] {
    let lowPasses = findings.filters.filter { $0.kind == "low-pass" }
    let fine = (0...250).map { Double($0) / 500 }
    let captions = [
      "low-pass": "Low-pass, cut-off 0.1 cycles per pixel, waves of 10 pixels: what is longer passes.",
      "high-pass": "High-pass, 1 − low-pass: what is left are edges and grain. Grey is 0.",
      "band-pass": "Band-pass from 0.05 to 0.15: waves of 20 to 7 pixels. Grey is 0.",
      "band-stop": "Band-stop, 1 − band-pass: everything but these.",
      "notch": """
      Notch at ±0.2 along the rows, radius 0.02, on the picture under stripes of 5 pixels: two small holes, and the \
      stripes are gone.
      """,
    ]
    let groups = ["low-pass", "high-pass", "band-pass", "band-stop", "notch"].map { kind -> Block in
      let isSigned = kind == "high-pass" || kind == "band-pass"
      let striped =
        kind == "notch"
        ? [
          Picture(
            Plane.pair(
              Plane.spectrum(spectrum(middle(findings.striped)), decades: 3), Plane.grey(findings.striped, 0...1)),
            alt: "The spectrum of the picture under stripes, with two bright points, above that picture.",
            caption: "its spectrum, and before")
        ] : []
      return .pictures(
        striped
          + findings.filters.filter { $0.kind == kind }.map { answer in
            Picture(
              Plane.pair(
                Plane.grey(answer.response, 0...1),
                isSigned ? Plane.signed(answer.filtered, limit: 0.5) : Plane.grey(answer.filtered, 0...1)),
              alt: "The response of the \(name(answer.shape)) \(kind), above the picture that it filtered.",
              caption: name(answer.shape))
          }, caption: "\(captions[kind]!)", inOneRow: kind != "notch")
    }
    return [
      .heading("Filters that are told by their response"),
      .text(
        """
        If the response is what matters, write down the response. With \(math: "D") the distance from frequency 0 and \
        \(math: .sub("D", "0")) the *cut-off*, both in cycles per pixel, three low-passes are in every textbook: the \
        ideal one, 1 up to the cut-off and 0 beyond, and
        """),
      .formula(
        .words("Gaussian:") + .power("e", "-" + .power("D", "2") + "/ 2" + .power(.sub("D", "0"), "2"))
          + .words("Butterworth:") + .fraction("1", "1 + (D /" + .sub("D", "0") + .power(")", "2 n"))),
      .chart(
        Chart(
          "Three low-passes with the same cut-off", horizontal: ChartAxis("cycles per pixel along the rows", .linear),
          vertical: ChartAxis("gain", .linear),
          series: lowPasses.map { answer in
            let filter = FrequencyFilter.lowPass(answer.shape, cutoff: 0.1)
            return .init(name(answer.shape), fine.map { .init($0, filter($0, 0)) }, style: .smooth)
          } + [
            .init(
              "measured", lowPasses.flatMap { zip(frequencies, $0.measured).map { .init($0, $1) } }, style: .dots)
          ], marks: [.init(x: 0.1, "cut-off")]),
        alt: "The ideal gain is a step, that of Butterworth a steep slope, that of Gauss a gentle one.",
        caption: "Lines: the formulas. Marks: waves that went through the filter."),
      .text(
        """
        All others come from these: a high-pass is 1 − low-pass, a band-pass the product of a high-pass and a low-pass, a \
        band-stop 1 − band-pass, and a *notch* removes one wave and its neighbours.
        """),
    ] + groups
  }

  /// The middle quarter, 80 x 80 pixels, whose spectrum can be shown with larger points.
  private static func middle(_ picture: Tensor<Double>) -> Tensor<Double> {
    Tensor([80, 80], (0..<80 * 80).map { picture[40 + $0 / 80, 40 + $0 % 80] })
  }

  private static func spectrum(_ picture: Tensor<Double>) -> Spectrum<Double> {
    RealTransform2D<Double>(height: picture.shape[0], width: picture.shape[1]).forward(picture)
  }

  // MARK: Ringing

  private static func ringing(_ findings: Findings) -> [Block] {
    let shown = shapes.map { shape in findings.edges.first { $0.shape == shape }! }
    return [
      .heading("Who rings"),
      .text(
        """
        Look at the ideal filter's pictures: every edge has echoes. An edge is made of waves of all lengths, whose crests \
        meet to form its corner. Cut them off at one frequency, and the last one that was left stays without those that \
        would have cancelled it: it *rings*. The more gently a filter ends, the less it does.
        """),
      .chart(
        Chart(
          "An edge from 0 to 1 behind three low-passes", horizontal: ChartAxis("pixels from the edge", .linear),
          vertical: ChartAxis("brightness", .linear),
          series: shown.map { edge in
            .init(
              name(edge.shape), edge.profile.enumerated().map { .init(Double($0) - 39.5, $1) }, style: .smooth)
          }),
        alt: "Behind the ideal filter the edge swings around 0 and 1; behind the Gaussian it rises without a swing.",
        caption: "Cut-off 0.05 cycles per pixel."),
      .table(
        Table(
          ["low-pass", "cut-off", "overshoot", "settles within 1 % after"],
          findings.edges.map { edge in
            [name(edge.shape), "\(edge.cutoff)", percent(abs(edge.overshoot)), "\(edge.settled) pixels"]
          }), caption: "An edge between pixels 2047 and 2048 of 4096. Cut-offs in cycles per pixel."),
      .pictures(
        zip(shapes, findings.points).map { shape, point in
          Picture(
            Plane.signed(point, limit: 0.1 * point.maximumMagnitude),
            alt: "A bright pixel behind the \(name(shape)) low-pass.", caption: name(shape), scale: 2)
        },
        caption: """
          One bright pixel behind each, cut-off 0.1: the kernel that the response stands for. Grey is 0; contrast is ten \
          times raised, so the middle is clipped. Ideal: rings without end.
          """),
    ]
  }
}
