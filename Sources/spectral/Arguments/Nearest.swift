/// The word that somebody probably meant, or nil if none is close.
///
/// Close means: at most a third of the letters are wrong, missing, too many or swapped with their neighbour; or the
/// text is the beginning of exactly one word.
func nearest(to text: String, in words: some Sequence<String>) -> String? {
  let words = Array(words)
  let ranked = words.map { (word: $0, distance: editDistance(Array(text.utf8), Array($0.utf8))) }
  if let best = ranked.min(by: { $0.distance < $1.distance }),
    best.distance <= max(1, best.word.utf8.filter { $0 != UInt8(ascii: "-") }.count / 3)
  {
    return best.word
  }
  let completions = words.filter { text.utf8.count > 2 && $0.hasPrefix(text) }
  return completions.count == 1 ? completions[0] : nil
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour (Damerau and Levenshtein's
/// distance, in its restricted form).
func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in a.indices {
    var current = [i + 1] + [Int](repeating: 0, count: b.count)
    for j in b.indices {
      let replaced = last[j] + (a[i] == b[j] ? 0 : 1)
      current[j + 1] = min(replaced, last[j + 1] + 1, current[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        current[j + 1] = min(current[j + 1], beforeLast[j - 1] + 1)
      }
    }
    (beforeLast, last) = (last, current)
  }
  return last[b.count]
}
