/** The lines that the reader has hidden, and the charts whose statistics are open, by chart: kept while the page is open. */
const hiddenLines = new Map<string, ReadonlySet<string>>();
const openCharts = new Set<string>();
const NONE: ReadonlySet<string> = new Set();

export function hiddenOf(chart: string): ReadonlySet<string> {
  return hiddenLines.get(chart) ?? NONE;
}

export function keepHidden(chart: string, labels: ReadonlySet<string>): void {
  if (labels.size === 0) hiddenLines.delete(chart);
  else hiddenLines.set(chart, labels);
}

export function isOpen(chart: string): boolean {
  return openCharts.has(chart);
}

export function keepOpen(chart: string, isNowOpen: boolean): void {
  if (isNowOpen) openCharts.add(chart);
  else openCharts.delete(chart);
}

/** Returns the hidden lines after one is shown or hidden. Pure. */
export function toggled(hidden: ReadonlySet<string>, label: string): ReadonlySet<string> {
  const next = new Set(hidden);
  if (!next.delete(label)) next.add(label);
  return next;
}

/** Returns the hidden lines after one is shown alone; all are shown where it was alone already. Pure. */
export function alone(hidden: ReadonlySet<string>, label: string, all: readonly string[]): ReadonlySet<string> {
  const others = all.filter((each) => each !== label);
  const isAlone = !hidden.has(label) && others.every((each) => hidden.has(each));
  return new Set(isAlone ? [] : others);
}
