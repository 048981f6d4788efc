import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";

interface Metric {
  readonly kind: string;
  readonly unit: string;
  /** The sets of label names that its values have, each as one text. */
  readonly labels: Set<string>;
}

/** Reads names, kinds and units of OpenMetrics text; histograms have the counters that the history takes of them. */
function scraped(text: string): Map<string, Metric> {
  const unitOf = new Map([...text.matchAll(/^# UNIT (\S+) (\S+)$/gm)].map(([, name, unit]) => [name!, unit!]));
  const metrics = new Map<string, Metric>();
  for (const [, family = "", type = ""] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const unit = unitOf.get(family) ?? "";
    const add = (name: string, kind: string, ofUnit = unit) =>
      metrics.set(name, { kind, unit: ofUnit, labels: new Set() });
    if (type === "counter") add(`${family}_total`, "rate");
    else if (type !== "histogram" && type !== "summary") add(family, type);
    else {
      add(`${family}_sum`, "rate", "");
      add(`${family}_count`, "rate", "");
    }
  }
  for (const [, name = "", labels = ""] of text.matchAll(/^([a-zA-Z_:]\w*)(?:\{(.*)\})? \S+$/gm)) {
    metrics.get(name)?.labels.add(
      [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)]
        .map(([, label]) => label)
        .sort()
        .join(),
    );
  }
  return metrics;
}

interface Series {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  readonly labels: Readonly<Record<string, string>>;
}

async function seriesOf({ statusUrl }: Instance): Promise<readonly Series[]> {
  const response = await fetch(new URL("/api/names", statusUrl));
  return ((await response.json()) as { series: readonly Series[] }).series;
}

/** Names that the page charts for every instance. */
const CHARTED = /const CHARTED = new Set\(\[(.*?)\]\)/s.exec(
  readFileSync(new URL("../../src/dash/page/names.ts", import.meta.url), "utf8"),
)![1]!;

describe("one name has one kind, one unit and one meaning", () => {
  test("in /metrics and in the history, and every name that the page charts is in the history", async () => {
    const instance = await up(
      parseConfig('tcp: { a: { listen: "127.0.0.1:0" } }\ndashboard: { listen: "127.0.0.1:0" }', "tenk.yaml"),
    );
    try {
      const charted = [...CHARTED.matchAll(/"(\w+)"/g)].map(([, name]) => name!);
      const deadlineMs = performance.now() + 20_000;
      let history = await seriesOf(instance);
      const missing = () => charted.filter((name) => !history.some((series) => series.name === name));
      while (missing().length > 0 && performance.now() < deadlineMs) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        history = await seriesOf(instance);
      }
      expect(missing()).toEqual([]);
      const headers = { accept: "application/openmetrics-text" };
      const metrics = scraped(await (await fetch(new URL("/metrics", instance.statusUrl), { headers })).text());
      const shared = history.filter(({ name }) => metrics.has(name));
      expect(new Set(shared.map(({ name }) => name)).size).toBeGreaterThan(40);
      expect(shared.map(({ name, kind, unit }) => [name, kind, unit])).toEqual(
        shared.map(({ name }) => [name, metrics.get(name)!.kind, metrics.get(name)!.unit]),
      );
      // A sum or a mean over labels is another metric than the one that has them.
      const aggregated = shared.filter(
        ({ name, labels }) => !metrics.get(name)!.labels.has(Object.keys(labels).sort().join()),
      );
      expect([...new Set(aggregated.map(({ name }) => name))]).toEqual([]);
    } finally {
      await instance.stop();
    }
  }, 30_000);
});
