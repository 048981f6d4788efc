import { describe, expect, test } from "bun:test";
import {
  exposition,
  familiesOf,
  histogramSamples,
  joinFamilies,
  type Metric,
  oncePerTurn,
} from "../../src/metrics/mod.ts";

const textOf = (...metrics: Metric[]) => exposition(familiesOf(metrics));

describe("readers", () => {
  test("print help, type and the plain field's value at the moment it is asked", () => {
    const counts = { seen: 3 };
    const seen: Metric = { name: "a_total", help: "Seen.", type: "counter", read: (report) => report(counts.seen) };
    expect(textOf(seen)).toBe("# HELP a_total Seen.\n# TYPE a_total counter\na_total 3\n");
    counts.seen = 10;
    expect(textOf(seen)).toContain("a_total 10\n");
  });

  test("print one line for each reported set of labels, and none for those no longer reported", () => {
    let names = ["x", "y"];
    const open: Metric = {
      name: "open",
      help: "Open.",
      type: "gauge",
      labels: ["listener"],
      read: (report) => {
        for (const [index, listener] of names.entries()) report(index, { listener });
      },
    };
    expect(textOf(open)).toContain('open{listener="x"} 0\nopen{listener="y"} 1\n');
    names = ["y"];
    expect(textOf(open)).not.toContain('listener="x"');
  });

  test("leave out values that the system does not report, rather than printing 0", () => {
    const unknown: Metric = { name: "unknown", help: "Unknown.", type: "gauge", read: () => undefined };
    expect(textOf(unknown)).toBe("# HELP unknown Unknown.\n# TYPE unknown gauge\n");
  });

  test("share one read within a turn of the event loop, and read again in the next", async () => {
    let looks = 0;
    const look = oncePerTurn(() => ++looks);
    expect([look(), look()]).toEqual([1, 1]);
    await Promise.resolve();
    expect(look()).toBe(2);
  });
});

test("families of one name from several sources become one, since Prometheus rejects a repeated name", () => {
  const part = (value: number) => ({
    name: "lag_seconds",
    help: "Lag.",
    type: "histogram" as const,
    samples: histogramSamples({ part: `${value}` }, [0.1], [value, value + 1], value),
  });
  const text = exposition(joinFamilies([part(1), { ...part(0), name: "other" }, part(2)]));
  expect(text.match(/# TYPE lag_seconds/g)).toHaveLength(1);
  expect(text).toContain('lag_seconds_bucket{part="1",le="0.1"} 1\nlag_seconds_bucket{part="1",le="+Inf"} 2\n');
  expect(text).toContain('lag_seconds_sum{part="2"} 2\nlag_seconds_count{part="2"} 3\n');
});
