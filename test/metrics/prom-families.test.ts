import { expect, test } from "bun:test";
import { exposition, familiesIn } from "../../src/metrics/mod.ts";
import { histogramIn, registryOf } from "../../src/metrics/registry.ts";

test("families of a registry are written as the registry itself writes them", async () => {
  const registry = registryOf([
    { name: "a_total", help: "A.", type: "counter", read: (report) => report(3) },
    {
      name: "b_bytes",
      help: "B \\ with\nlines.",
      type: "gauge",
      labels: ["of"],
      read: (report) => {
        report(1, { of: 'x"y' });
        report(1e21, { of: "z" });
      },
    },
  ]);
  const observe = histogramIn(registry, { name: "c_seconds", help: "C.", buckets: [0.5, 1] });
  for (const value of [0.1, 0.7, 9]) observe(value);
  const text = exposition(await familiesIn(registry));
  const linesOf = (each: string) => each.split("\n").filter((line) => line !== "");
  expect(linesOf(text)).toEqual(linesOf(await registry.metrics()));
});
