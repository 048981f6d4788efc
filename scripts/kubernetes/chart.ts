/**
 * The Helm chart as text of manifests. Helm takes minutes to build: what it made of the chart is kept in `test/ladder/rendered/`,
 * with a checksum of the chart, so that the text can be checked where there is no Helm, and a chart that was changed is noticed.
 *
 * `bun scripts/kubernetes/chart.ts` renders again.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtTool } from "./tools.ts";

const ROOT = join(import.meta.dirname, "../..");
export const CHART = join(ROOT, "deploy/helm/tenk");
const RENDERED = join(ROOT, "test/ladder/rendered");

/** Values by the name of what they make; `all-values` sets what the others leave alone. */
export const RENDERINGS: Readonly<Record<string, readonly string[]>> = {
  default: [],
  autoscaling: ["--set", "server.autoscaling.enabled=true"],
  monitoring: ["--set", "server.serviceMonitor.enabled=true"],
  node: ["--set", "node.enabled=true,server.enabled=false"],
  load: ["--set", "load.enabled=true,server.enabled=false"],
  "all-values": ["--values", join(ROOT, "test/ladder/all-values.yaml")],
};

/** Returns the rendered manifests, or what Helm complained about. */
export function rendered(helm: string, options: readonly string[]): { text: string; error: string } {
  const words = ["template", "tenk", CHART, "--namespace", "tenk", "--kube-version", "1.37.2", ...options];
  const { status, stdout, stderr } = spawnSync(helm, words, { encoding: "utf8" });
  return status === 0 ? { text: stdout, error: "" } : { text: "", error: stderr };
}

/** Returns what was kept of a rendering: the checksum of the chart then, and the text. */
export function keptRendering(name: string): { checksum: string; text: string } {
  const [first = "", ...rest] = readFileSync(join(RENDERED, `${name}.yaml`), "utf8").split("\n");
  return { checksum: first.replace("# chart ", ""), text: rest.join("\n") };
}

/** Checksum of all files that a rendering depends on. */
export function chartChecksum(): string {
  const hash = createHash("sha256");
  const values = join(ROOT, "test/ladder/all-values.yaml");
  const names = readdirSync(CHART, { recursive: true, encoding: "utf8" }).sort();
  const files = names.map((name) => join(CHART, name)).filter((file) => statSync(file).isFile());
  for (const file of [...files, values]) hash.update(`${file.slice(ROOT.length)}\n`).update(readFileSync(file));
  return hash.digest("hex");
}

if (import.meta.main) {
  mkdirSync(RENDERED, { recursive: true });
  const helm = builtTool("helm");
  for (const [name, options] of Object.entries(RENDERINGS)) {
    const { text, error } = rendered(helm, options);
    if (error !== "") throw new Error(error);
    writeFileSync(join(RENDERED, `${name}.yaml`), `# chart ${chartChecksum()}\n${text}`);
  }
}
