/** deploy/kubernetes and deploy/helm, held to the strict schemas of Kubernetes' own definitions, and to each other. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { CHART, chartChecksum, keptRendering, RENDERINGS, rendered } from "../../scripts/kubernetes/chart.ts";
import { writeCustomSchema, writeSchemas } from "../../scripts/kubernetes/schemas.ts";
import { builtTool, cachedTool, moduleFolder } from "../../scripts/kubernetes/tools.ts";
import { KUBERNETES_MODULE, PROMETHEUS_OPERATOR_MODULE } from "../../scripts/kubernetes/versions.ts";
import { hasGo, testWithoutGo } from "../net/go.ts";
import { isSlowStage } from "../slow-stage.ts";
import { comparable } from "./comparable.ts";

const KUSTOMIZE = join(import.meta.dirname, "../../deploy/kubernetes");
const OVERLAYS = readdirSync(join(KUSTOMIZE, "overlays"));
/** Downloads of Go modules, and two builds the first time. */
const BUILDING_MS = 400_000;
const isWanted = isSlowStage || process.env.TENK_REAL === "1";
const folder = mkdtempSync(join(tmpdir(), "tenk-manifests-"));
const helm = cachedTool("helm");
let kustomize = "";
let kubeconform = "";

afterAll(() => rmSync(folder, { recursive: true, force: true }));
if (isWanted && !hasGo) testWithoutGo("manifests");

describe.if(isWanted && hasGo)("manifests", () => {
  beforeAll(() => {
    kustomize = builtTool("kustomize");
    kubeconform = builtTool("kubeconform");
    writeSchemas(join(moduleFolder(KUBERNETES_MODULE), "api/openapi-spec/swagger.json"), folder);
    const crds = join(moduleFolder(PROMETHEUS_OPERATOR_MODULE), "example/prometheus-operator-crd");
    writeCustomSchema(join(crds, "monitoring.coreos.com_servicemonitors.yaml"), folder);
  }, BUILDING_MS);

  test.each(OVERLAYS)("the overlay %s has only keys and values that Kubernetes knows", (name) => {
    expect(complaints(built(join(KUSTOMIZE, "overlays", name)))).toBe("");
  });

  test.each(Object.keys(RENDERINGS))(
    "what the chart makes of %s has only keys and values that Kubernetes knows",
    (name) => {
      expect(complaints(keptRendering(name).text)).toBe("");
    },
  );

  test.each([
    [
      "a misspelt key",
      "terminationGracePeriodSeconds: 45",
      "terminationGracePeriodSecond: 45",
      "terminationGracePeriodSecond",
    ],
    ["a wrong type", "replicas: 2", 'replicas: "2"', "replicas"],
    ["a misspelt key of a custom resource", "interval: 15s", "intervall: 15s", "intervall"],
    ["an unknown kind", "kind: PodDisruptionBudget", "kind: PodDisruptionBudgets", "could not find schema"],
  ])("%s is an error", (_, from, to, complaint) => {
    const texts = ["server", "everything"].map((name) => built(join(KUSTOMIZE, "overlays", name)));
    const text = texts.find((candidate) => candidate.includes(from))!.replace(from, to);
    expect(text).toContain(to);
    expect(complaints(text)).toContain(complaint);
  });

  test.each([
    ["default", ["base"], []],
    ["autoscaling", ["base"], ["autoscaling"]],
    ["monitoring", ["base"], ["monitoring"]],
    ["node", ["node"], []],
    ["load", ["load"], []],
  ])("the chart's %s is the same as kustomize's", (name, bases, components) => {
    const text = composed(bases, components);
    expect(comparable(keptRendering(name).text)).toEqual(comparable(text));
  });

  test("the kept renderings are those of the chart; otherwise: bun scripts/kubernetes/chart.ts", () => {
    for (const [name, options] of Object.entries(RENDERINGS)) {
      const kept = keptRendering(name);
      expect(kept.checksum, name).toBe(chartChecksum());
      if (helm !== undefined) expect(rendered(helm, options), name).toEqual({ text: kept.text, error: "" });
    }
    if (helm === undefined) console.log("helm is not cached: the kept renderings stand for it");
  });

  test.if(helm !== undefined)("the chart passes Helm's lint", () => {
    const { status, stdout } = spawnSync(helm!, ["lint", "--strict", CHART], { encoding: "utf8" });
    expect(status, stdout).toBe(0);
  });

  test.if(helm !== undefined).each([
    ["server.replica=3", "replica"],
    ["server.replicas=many", "replicas"],
    ["server.service.type=ExternalName", "type"],
    ["token.value=short", "value"],
    ["image.tags=1", "tags"],
  ])("the value %s is refused by name", (value, name) => {
    expect(rendered(helm!, ["--set", value]).error).toContain(name);
  });
});

test("the chart and the manifests are of this version", () => {
  const { version } = JSON.parse(readFileSync(join(CHART, "../../../package.json"), "utf8"));
  const chart = parse(readFileSync(join(CHART, "Chart.yaml"), "utf8"));
  expect([chart.version, chart.appVersion]).toEqual([version, version]);
  for (const name of ["base", "node", "load"]) {
    const { images, labels } = parse(readFileSync(join(KUSTOMIZE, name, "kustomization.yaml"), "utf8"));
    expect(images).toEqual([{ name: "tenk", newName: "tenk", newTag: version }]);
    expect(labels).toEqual([{ pairs: { "app.kubernetes.io/version": version } }]);
  }
});

/** Builds bases and components together, as an overlay of a user would. */
function composed(bases: readonly string[], components: readonly string[]): string {
  const overlay = mkdtempSync(join(KUSTOMIZE, "overlays", "tested-"));
  try {
    const paths = (names: readonly string[], prefix: string) => names.map((name) => `../../${prefix}${name}`);
    const kustomization = { resources: paths(bases, ""), components: paths(components, "components/") };
    writeFileSync(join(overlay, "kustomization.yaml"), JSON.stringify(kustomization));
    return built(overlay);
  } finally {
    rmSync(overlay, { recursive: true, force: true });
  }
}

function built(path: string): string {
  const { status, stdout, stderr } = spawnSync(kustomize, ["build", path], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  expect(parseAllDocuments(stdout).length).toBeGreaterThan(2);
  return stdout;
}

function complaints(text: string): string {
  const schemas = `${folder}/{{.ResourceKind}}{{.KindSuffix}}.json`;
  const words = ["-strict", "-schema-location", schemas, "-"];
  const { status, stdout, stderr } = spawnSync(kubeconform, words, { encoding: "utf8", input: text });
  const output = `${stdout}${stderr}`.trim();
  return status === 0 ? output : output || `exit code ${status}`;
}
