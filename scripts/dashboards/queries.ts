/** Labels of the chosen instance. */
export const BOX = 'instance="$instance"';

export function rate(name: string, labels: string): string {
  return `rate(${name}{${labels}}[$__rate_interval])`;
}

/** Quantiles of a histogram, summed by these labels. */
export function quantile(of: number, histogram: string, labels: string, ...by: readonly string[]): string {
  return `histogram_quantile(${of}, sum by (${["le", ...by].join(", ")}) (${rate(`${histogram}_bucket`, labels)}))`;
}
