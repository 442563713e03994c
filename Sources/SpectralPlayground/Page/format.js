// Numbers as people read them.

/** So many significant digits, without an exponent where it is not needed, with a true minus sign. */
export function figure(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const magnitude = Math.abs(value);
  let text;
  if (magnitude >= 1e5 || magnitude < 1e-3) {
    const [digitsText, exponent] = value.toExponential(digits - 1).split('e');
    text = `${digitsText} × 10${[...String(Number(exponent))].map((c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[c] ?? '⁻').join('')}`;
  } else {
    text = String(Number(value.toPrecision(digits)));
  }
  return text.replace('-', '−');
}

/** As many digits after the point as told, with a true minus sign. */
export const fixed = (value, digits) => value.toFixed(digits).replace('-', '−');

export const milliseconds = (value) => value === undefined || value === null ? '–' : `${figure(value)} ms`;

export const percent = (share) => `${(100 * share).toFixed(share === 1 || share === 0 ? 0 : 1)} %`;
