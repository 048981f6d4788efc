import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { moduleText } from "../../scripts/cluster/binaries.ts";
import { fileOf, strict } from "../../scripts/kubernetes/schemas.ts";
import { loadConfig } from "../../src/app/mod.ts";

const DEPLOY = join(import.meta.dirname, "../../deploy");

const definitions = {
  "api.Pod": {
    type: "object",
    properties: {
      port: { $ref: "#/definitions/api.IntOrString" },
      labels: { type: "object", additionalProperties: { type: "string" } },
      inner: { $ref: "#/definitions/api.Pod" },
    },
    required: ["port"],
  },
};

test("a strict schema has no keys but those that are named, and ends where a definition contains itself", () => {
  expect(strict({ $ref: "#/definitions/api.Pod" }, definitions)).toEqual({
    type: ["object", "null"],
    required: ["port"],
    properties: {
      port: { oneOf: [{ type: "string" }, { type: "integer" }] },
      labels: { type: ["object", "null"], additionalProperties: { type: ["string", "null"] } },
      inner: {},
    },
    additionalProperties: false,
  });
});

test.each([
  ["", "v1", "Service", "service-v1.json"],
  ["apps", "v1", "Deployment", "deployment-apps-v1.json"],
  ["networking.k8s.io", "v1", "NetworkPolicy", "networkpolicy-networking-v1.json"],
])("the schema of %s/%s %s is in the file that kubeconform asks for", (group, version, kind, file) => {
  expect(fileOf({ group, version, kind })).toBe(file);
});

test.each([
  ["base", "server"],
  ["node", "node"],
])("the tenk.yaml of kustomize's %s is valid, and the chart's", (folder, component) => {
  const file = join(DEPLOY, "kubernetes", folder, "tenk.yaml");
  expect(() => loadConfig(file)).not.toThrow();
  const values = parse(readFileSync(join(DEPLOY, "helm/tenk/values.yaml"), "utf8"));
  expect(values[component].config).toBe(readFileSync(file, "utf8"));
});

test("the module that builds Kubernetes takes its libraries as they were published", () => {
  const text = moduleText(
    "module k8s.io/kubernetes\n\ngo 1.26.0\n\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n)\n",
  );
  expect(text).toMatch(/^go 1\.26\.0$/m);
  expect(text).toMatch(/^replace k8s\.io\/api => k8s\.io\/api v0\.\d+\.\d+$/m);
});
