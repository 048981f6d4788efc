import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { dashboards, FOLDER } from "../../scripts/dashboards/build.ts";
import { dashboardFiles } from "../../src/app/mod.ts";
import { expressionsOf, type GrafanaPanel, panelsOf } from "./prometheus-support.ts";

const files = dashboardFiles({ folder: "/srv/a b", prometheusUrl: "http://p:9090", instanceAddress: '[::1]:9190"' });
const instance = JSON.parse(files["dashboards/tenk.json"]!);
const load = JSON.parse(files["dashboards/tenk-load.json"]!);

describe("the dashboards", () => {
  test("are those that scripts/dashboards builds: bun scripts/dashboards/build.ts writes them", () => {
    for (const [name, text] of Object.entries(dashboards())) {
      expect(readFileSync(join(FOLDER, name), "utf8") === text ? "" : `${name} is old`).toBe("");
    }
  });

  test("have the story's panels, then a row for each listener, and one for services", () => {
    const titles = panelsOf(instance).map(({ title }) => title);
    const quick = ["CPU", "Load average", "RAM used", "Swap used", "Root disk used", "Machine up", "Temperature"];
    for (const title of ["Connections and reads", "Processor by mode", "Memory", ...quick]) {
      expect(titles).toContain(title);
    }
    const rows = (instance.panels as GrafanaPanel[]).filter(({ type }) => type === "row");
    expect(rows.map(({ title, repeat }) => [title, repeat])).toEqual([
      ["Now", undefined],
      ["Listener $listener", "listener"],
      ["Services", undefined],
      ["Probes", undefined],
      ["DNS", undefined],
      ["Program", undefined],
      ["Relay", undefined],
    ]);
  });

  test("stand beside each other, never on each other, each with an id of its own", () => {
    for (const dashboard of [instance, load]) {
      const cells = new Set<string>();
      for (const { gridPos: at } of dashboard.panels as GrafanaPanel[]) {
        expect(at.x + at.w).toBeLessThanOrEqual(24);
        for (let x = at.x; x < at.x + at.w; x++) {
          for (let y = at.y; y < at.y + at.h; y++) {
            expect(cells.has(`${x},${y}`)).toBe(false);
            cells.add(`${x},${y}`);
          }
        }
      }
      const ids = (dashboard.panels as GrafanaPanel[]).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  test("ask for one instance or one run in every expression, and use no variable that is not there", () => {
    for (const [dashboard, chosen] of [[instance, 'instance="$instance"'], [load, 'run="$run"']] as const) {
      const names = dashboard.templating.list.map(({ name }: { name: string }) => name);
      expect(expressionsOf(panelsOf(dashboard)).length).toBeGreaterThan(15);
      for (const { expression } of expressionsOf(panelsOf(dashboard))) {
        expect(expression).toContain(chosen);
        const used = [...expression.matchAll(/\$(\w+)/g)].map(([, name]) => name!);
        expect(used.filter((name) => ![...names, "__rate_interval", "__range"].includes(name))).toEqual([]);
      }
    }
  }); // biome-ignore format: one thought
});

describe("the files beside them", () => {
  test("tell Grafana where the dashboards and Prometheus are, and Prometheus where the instance is", () => {
    expect(parse(files["provisioning/dashboards/tenk.yaml"]!).providers[0].options.path).toBe("/srv/a b/dashboards");
    expect(parse(files["provisioning/datasources/tenk.yaml"]!).datasources[0].url).toBe("http://p:9090");
    const [job] = parse(files["prometheus.yml"]!).scrape_configs;
    expect([job.job_name, job.static_configs[0].targets]).toEqual(["tenk", ['[::1]:9190"']]);
  });
});
