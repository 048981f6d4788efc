/**
 * Generates the dashboards of `tenk dashboards`: `bun scripts/dashboards/build.ts`. They are stored as files, so that neither the
 * program nor the executable includes Grafana's library; `test/app/dashboards.test.ts` detects outdated ones.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { boxDashboard } from "./box.ts";
import { loadDashboard } from "./load.ts";

export const FOLDER = join(import.meta.dirname, "../../src/app/dashboards");

/** Dashboards by file name. */
export function dashboards(): Readonly<Record<string, string>> {
  // Links to a panel contain its number, which must not change when Grafana restarts.
  const text = ({ panels = [], ...rest }: Dashboard) => {
    const numbered = panels.map((panel, index) => ({ ...panel, id: index + 1 }));
    return `${JSON.stringify({ ...rest, panels: numbered }, null, 2)}\n`;
  };
  return { "tenk.json": text(boxDashboard()), "tenk-load.json": text(loadDashboard()) };
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(dashboards())) writeFileSync(join(FOLDER, name), text);
}
