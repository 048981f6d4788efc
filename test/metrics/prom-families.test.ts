import { expect, test } from "bun:test";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { exposition, familiesIn } from "../../src/metrics/mod.ts";

test("families of a registry are written as the registry itself writes them", async () => {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: "a_total", help: "A.", registers }).inc(3);
  const gauge = new Gauge({ name: "b_bytes", help: "B \\ with\nlines.", labelNames: ["of"], registers });
  gauge.set({ of: 'x"y' }, 1);
  gauge.set({ of: "z" }, 1e21);
  const histogram = new Histogram({ name: "c_seconds", help: "C.", buckets: [0.5, 1], registers });
  for (const value of [0.1, 0.7, 9]) histogram.observe(value);
  const text = exposition(await familiesIn(registry));
  const linesOf = (each: string) => each.split("\n").filter((line) => line !== "");
  expect(linesOf(text)).toEqual(linesOf(await registry.metrics()));
});
