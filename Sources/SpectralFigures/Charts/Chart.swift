/// Curves over two axes: what is drawn, not how. ``SVGFigure`` and ``TerminalChart`` draw it.
public struct Chart: Sendable {
  /// A place in the plane of the axes.
  public struct Point: Hashable, Sendable {
    /// Along the horizontal axis.
    public var x: Double
    /// Along the vertical axis.
    public var y: Double

    /// A place.
    public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
  }

  /// How a curve is drawn.
  public enum Style: String, CaseIterable, Hashable, Sendable {
    /// A line with a mark at each point.
    case line
    /// A line without marks: for very many points.
    case smooth
    /// A broad, pale line behind the others: for what follows one of them and then another.
    case band
    /// A broken line without marks: for a limit, which nobody measured point by point.
    case limit
    /// A thin, pale line without marks: for numbers that scatter.
    case faint
    /// Marks without a line.
    case dots
  }

  /// A curve.
  public struct Series: Sendable {
    /// What the legend calls it.
    public var name: String
    /// Its points, from left to right.
    public var points: [Point]
    /// How it is drawn.
    public var style: Style

    /// A curve.
    public init(_ name: String, _ points: [Point], style: Style = .line) {
      (self.name, self.points, self.style) = (name, points, style)
    }
  }

  /// A place on the horizontal axis that is worth a line.
  public struct Mark: Sendable {
    /// Where.
    public var x: Double
    /// What is there, in a few words.
    public var label: String

    /// A line.
    public init(x: Double, _ label: String) { (self.x, self.label) = (x, label) }
  }

  /// What the chart shows, in a line.
  public var title: String
  /// From left to right.
  public var horizontal: ChartAxis
  /// From bottom to top.
  public var vertical: ChartAxis
  /// The curves.
  public var series: [Series]
  /// Places on the horizontal axis.
  public var marks: [Mark]

  /// A chart.
  public init(_ title: String, horizontal: ChartAxis, vertical: ChartAxis, series: [Series], marks: [Mark] = []) {
    self.title = title
    self.horizontal = horizontal
    self.vertical = vertical
    self.series = series
    self.marks = marks
  }

  /// The curves without the points that an axis cannot show.
  package var shown: [Series] {
    series.map { series in
      var series = series
      series.points.removeAll { !horizontal.canShow($0.x) || !vertical.canShow($0.y) }
      return series
    }
  }

  /// The scales on which all points have a place.
  package var scales: (horizontal: ChartScale, vertical: ChartScale) {
    let points = shown.flatMap(\.points)
    return (
      ChartScale(horizontal, values: points.map(\.x) + marks.map(\.x).filter(horizontal.canShow), snug: true),
      ChartScale(vertical, values: points.map(\.y), snug: false)
    )
  }
}
