import { describe, expect, test } from "bun:test";
import { histogramIn, registryOf } from "../../src/metrics/mod.ts";

describe("a registry of readers", () => {
  test("prints help, type and the plain field's value at the moment it is asked", async () => {
    const counts = { seen: 3 };
    const registry = registryOf([
      { name: "a_total", help: "Seen.", type: "counter", read: (report) => report(counts.seen) },
    ]);
    expect(await registry.metrics()).toBe("# HELP a_total Seen.\n# TYPE a_total counter\na_total 3\n");
    counts.seen = 10;
    expect(await registry.metrics()).toContain("a_total 10\n");
  });

  test("prints one line for each set of labels reported, and none that is reported no longer", async () => {
    let names = ["x", "y"];
    const registry = registryOf([
      {
        name: "open",
        help: "Open.",
        type: "gauge",
        labels: ["listener"],
        read: (report) => {
          for (const [index, listener] of names.entries()) report(index, { listener });
        },
      },
    ]);
    expect(await registry.metrics()).toContain('open{listener="x"} 0\nopen{listener="y"} 1\n');
    names = ["y"];
    expect(await registry.metrics()).not.toContain('listener="x"');
  });

  test("leaves out what the system does not tell, rather than calling it 0", async () => {
    const registry = registryOf([{ name: "unknown", help: "Unknown.", type: "gauge", read: () => undefined }]);
    expect(await registry.metrics()).toBe("# HELP unknown Unknown.\n# TYPE unknown gauge\n");
  });

  test("carries histograms beside readers", async () => {
    const registry = registryOf([]);
    const observe = histogramIn(registry, { name: "lag_seconds", help: "Lag.", buckets: [0.1, 1] });
    observe(0.5);
    const text = await registry.metrics();
    expect(text).toContain('lag_seconds_bucket{le="0.1"} 0\nlag_seconds_bucket{le="1"} 1\n');
    expect(text).toContain("lag_seconds_sum 0.5\nlag_seconds_count 1\n");
  });
});
