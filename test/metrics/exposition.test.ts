import { describe, expect, test } from "bun:test";
import { exposition, type Family } from "../../src/metrics/exposition.ts";
import { FamilyBuilder } from "../../src/metrics/family-builder.ts";

const family = (more: Partial<Family> = {}): Family => ({
  name: "a_total",
  help: "All.",
  type: "counter",
  samples: [{ value: 2, labels: {} }],
  ...more,
});

describe("exposition", () => {
  test("writes help, type and values, family after family", () => {
    const labelled = family({ name: "b", type: "gauge", samples: [{ value: 1.5, labels: { x: "1", y: "2" } }] });
    expect(exposition([family(), labelled])).toBe(
      '# HELP a_total All.\n# TYPE a_total counter\na_total 2\n# HELP b All.\n# TYPE b gauge\nb{x="1",y="2"} 1.5\n',
    );
  });

  test("escapes characters that would end a help text or a label", () => {
    const samples = [{ value: 1, labels: { of: 'a"b\\c\nd' } }];
    const text = exposition([family({ help: 'a "b" \\c\nd', samples })]);
    expect(text).toContain('# HELP a_total a "b" \\\\c\\nd\n');
    expect(text).toContain('a_total{of="a\\"b\\\\c\\nd"} 1\n');
  });

  test.each([
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
    [1e21, "1e+21"],
    [-0.5, "-0.5"],
  ])("writes %p as %s", (value, text) => {
    expect(exposition([family({ samples: [{ value, labels: {} }] })])).toEndWith(`a_total ${text}\n`);
  });

  test("OpenMetrics names counters without suffix, has no untyped, escapes quotes in help, and ends with EOF", () => {
    const others = [family({ name: "b", type: "untyped", help: 'a "b"' }), family({ name: "c_joule" })];
    expect(exposition([family(), ...others], "openmetrics")).toBe(
      "# HELP a All.\n# TYPE a counter\na_total 2\n" +
        '# HELP b a \\"b\\"\n# TYPE b unknown\nb 2\n' +
        "# HELP c_joule All.\n# TYPE c_joule unknown\nc_joule 2\n# EOF\n",
    );
  });

  test("a histogram's values have their suffix; OpenMetrics writes bounds as floats, and the unit", () => {
    const samples = [
      { value: 1, labels: { le: "1" }, suffix: "_bucket" },
      { value: 2, labels: { le: "+Inf" }, suffix: "_bucket" },
      { value: 1.5, labels: {}, suffix: "_sum" },
      { value: 2, labels: {}, suffix: "_count" },
    ];
    const lag = family({ name: "lag_seconds", type: "histogram", samples });
    const values = 'lag_seconds_bucket{le="+Inf"} 2\nlag_seconds_sum 1.5\nlag_seconds_count 2\n';
    expect(exposition([lag])).toBe(
      `# HELP lag_seconds All.\n# TYPE lag_seconds histogram\nlag_seconds_bucket{le="1"} 1\n${values}`,
    );
    expect(exposition([lag], "openmetrics")).toBe(
      "# HELP lag_seconds All.\n# TYPE lag_seconds histogram\n# UNIT lag_seconds seconds\n" +
        `lag_seconds_bucket{le="1.0"} 1\n${values}# EOF\n`,
    );
  });

  test("the unit of a counter stands before its suffix", () => {
    expect(exposition([family({ name: "read_bytes_total" })], "openmetrics")).toContain("# UNIT read_bytes bytes\n");
  });
});

test("a gauge with a counter's suffix gets no unit: Prometheus would reject the whole scrape", () => {
  const family: Family = { name: "a_seconds_total", help: "A.", type: "gauge", samples: [{ value: 2, labels: {} }] };
  expect(exposition([family], "openmetrics")).toBe(
    "# HELP a_seconds_total A.\n# TYPE a_seconds_total gauge\na_seconds_total 2\n# EOF\n",
  );
});

describe("a builder of families", () => {
  test("merges values of one name", () => {
    const builder = new FamilyBuilder();
    builder.add("gauge", "a", "A.", 1, { of: "x" });
    builder.add("gauge", "b", "B.", 2);
    builder.add("gauge", "a", "A.", 3, { of: "y" });
    expect(builder.families().map(({ name, samples }) => [name, samples.map(({ value }) => value)])).toEqual([
      ["a", [1, 3]],
      ["b", [2]],
    ]);
  });

  test("leaves out values for which Prometheus would reject the whole scrape", () => {
    const builder = new FamilyBuilder();
    builder.add("gauge", "a", "A.", 1, { of: "x" });
    builder.add("gauge", "a", "A.", 2, { of: "x" });
    builder.add("gauge", "a", "A.", undefined, { of: "y" });
    builder.add("gauge", "b", "B.", Number.NaN);
    for (const name of ["", "1a", "a-b", "a b", "ä", "a".repeat(300)]) builder.add("gauge", name, "None.", 1);
    expect(builder.families().map(({ name, samples }) => [name, samples.length])).toEqual([["a", 1]]);
  });

  test("limits the number of names and of values of each", () => {
    const builder = new FamilyBuilder({ maxSamples: 3, maxFamilies: 2 });
    for (let index = 0; index < 9; index++) builder.add("gauge", "a", "A.", index, { of: String(index) });
    for (let index = 0; index < 9; index++) builder.add("gauge", `b${index}`, "B.", index);
    expect(builder.families().map(({ samples }) => samples.length)).toEqual([3, 1]);
  });
});
