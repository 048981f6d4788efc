/** Returns the median; the mean of the two middle ones for an even number of values. `NaN` for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** Returns the smallest value that a `share` of them does not exceed. `NaN` for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Formats three significant digits without exponent: `4.52`, `45.2`, `452`, `4521`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const rounded = Number(value.toPrecision(3));
  const whole = Math.trunc(Math.abs(rounded)).toString().length;
  return value.toFixed(Math.max(0, 3 - whole));
}

/** Formats the median, with the lowest and highest round if there were several: `4.52 (4.41-4.70)`. */
export function withRange(values: readonly number[]): string {
  if (values.length < 2) return figure(median(values));
  return `${figure(median(values))} (${figure(Math.min(...values))}-${figure(Math.max(...values))})`;
}

/** Formats `1.34 x`, or a dash for a missing value. */
export function times(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio.toFixed(2)} x` : "-";
}

/** Formats the median, with the lowest and highest round: `1.34 x (1.20-1.41)`. */
export function timesWithRange(ratios: readonly number[]): string {
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  if (ratios.length < 2 || !Number.isFinite(low + high)) return times(median(ratios));
  return `${times(median(ratios))} (${low.toFixed(2)}-${high.toFixed(2)})`;
}

/** Formats rows of equal length; the first column is aligned left, the others right. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function asText({ head, rows }: Table): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)]
    .map((each) => each.trimEnd())
    .join("\n");
}

export function asMarkdown({ head, rows }: Table): string {
  const line = (row: readonly string[]) => `| ${row.join(" | ")} |`;
  return [line(head), `|${head.map((_, column) => (column === 0 ? "---" : "--:")).join("|")}|`, ...rows.map(line)].join(
    "\n",
  );
}

/**
 * Returns `text` with `body` between the comments `<!-- name -->` and `<!-- /name -->`.
 *
 * @throws {Error} when they are missing
 */
export function replaceBetween(text: string, name: string, body: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no place for it: expected ${start} and, behind it, ${end}`);
  return `${text.slice(0, from + start.length)}\n${body}\n${text.slice(to)}`;
}
