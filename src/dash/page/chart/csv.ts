import type { ChartData, ChartSpec, Values } from "./spec.ts";

/**
 * Returns what a chart draws as CSV (RFC 4180): a row for each moment, in UTC or seconds since a start, and for each line its
 * value, with minimum and maximum where a step has them. Numbers are exact, in base units.
 */
export function csvOf(spec: ChartSpec, data: ChartData, isElapsed: boolean): string {
  const columns = spec.lines.flatMap((line): readonly (readonly [string, Values])[] => {
    const mean = [line.label, data.values(line, "mean")] as const;
    if (!data.hasBand) return [mean];
    return [mean, ...(["min", "max"] as const).map((which) => [`${line.label} ${which}`, data.values(line, which)] as const)]; // biome-ignore format: one line
  });
  const rows = [[isElapsed ? "seconds" : "time", ...columns.map(([name]) => cell(name))].join()];
  data.moments.forEach((moment, at) => {
    if (moment < data.from || moment > data.to) return;
    const time = isElapsed ? String(moment) : new Date(moment * 1000).toISOString();
    rows.push([time, ...columns.map(([, values]) => values[at] ?? "")].join());
  });
  return `${rows.join("\r\n")}\r\n`;
}

/** A spreadsheet takes text that begins like a formula for one: names come from others. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
