import { describe, expect, test } from "bun:test";
import { globSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { defaultsPage } from "../../scripts/defaults.ts";
import { configJsonSchema, type JsonSchema, parseConfig } from "../../src/app/mod.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const schema = configJsonSchema();
// Strict: an unknown keyword is an error. The union of types of an empty section is meant.
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true, formats: { email: true } });
const isValid = ajv.compile(schema as object);

/** Returns what an editor would mark. */
function marked(value: unknown): string[] {
  return isValid(value) ? [] : (isValid.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** YAML blocks of a page that are whole configurations: tenk accepts them. */
function examplesOf(page: string): string[] {
  const blocks = [...readFileSync(`${ROOT}${page}`, "utf8").matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text]) => text!,
  );
  return blocks.filter((text) => {
    try {
      parseConfig(text, page);
      return true;
    } catch {
      return false;
    }
  });
}

describe("the JSON Schema of the configuration", () => {
  test("is one of draft 2020-12, by a validator of others", () => {
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect([ajv.validateSchema(schema as object), ajv.errors]).toEqual([true, null]);
  });

  test("accepts every example of the docs and the folder examples", () => {
    const pages = ["README.md", ...globSync("docs/*.md", { cwd: ROOT })];
    const texts = pages.flatMap((page) => examplesOf(page).map((text) => [page, text] as const));
    const files = globSync("{examples,deploy}/**/tenk*.yaml", { cwd: ROOT }).map(
      (file) => [file, readFileSync(`${ROOT}${file}`, "utf8")] as const,
    );
    expect(texts.length).toBeGreaterThan(25);
    for (const [where, text] of [...texts, ...files])
      expect([where, text, marked(parse(text) ?? {})]).toEqual([where, text, []]);
  });

  test.each([
    ["tcp: { a: { listen: 9091, limits: { idle: 10 } } }", "/tcp/a/limits/idle must be string"],
    ["tcp: { a: { listen: 9091, limits: { idle: 10x } } }", "/tcp/a/limits/idle must match pattern"],
    ["tcp: { a: { listen: 9091, writeQueue: { max: 2MiBi } } }", "/tcp/a/writeQueue/max must match pattern"],
    ["tcp: { a: { limits: {} } }", "/tcp/a must have required property 'listen'"],
    ["dashbord: {}", " must NOT have additional properties"],
    ["log: { level: loud }", "/log/level must be equal to one of the allowed values"],
    ["services: { git: { target: http://a, compress: maybe } }", "/services/git/compress must be boolean"],
    ["version: 2", "/version must be equal to constant"],
  ])("marks what is wrong: %s", (text, message) => {
    expect(marked(parse(text)).join("\n")).toContain(message);
    expect(() => parseConfig(text, "tenk.yaml")).toThrow(/^tenk\.yaml:1: /);
  });

  test.each([
    "dns: off\nproxy: off\nprobe: false\nalerts: true\ncontainers: auto",
    "tcp:\ndns:\nproxy:\nservices:\nboxes:",
    "services: { a: http://a, b: { targets: [https://a, { url: https://b }], path: /x, tls: { verify: false }, sticky: true, probe: false } }",
    "services: { c: { root: ./www }, d: { redirect: /x }, e: { respond: hello }, f: { target: dashboard, hsts: true, probe: { status: 200 } } }",
    "tcp: { a: { listen: unix:/a.sock, tls: auto }, b: { listen: 1, tls: { cert: auto, names: [a.b] } }, c: { listen: 2, workers: auto, handler: ./c.ts, options: [1] } }",
    "proxy: { https: off, http: 8080, accessLog: combined }\nbox: { disk: off, temperature: 70°C, memory: 90 }",
    "boxes: { nas: https://nas }\nalerts: { quiet: 22:00-07:00, flapping: false, when: { service: critical, box: false } }",
    "dns: { listen: [127.0.0.1:53, '[::1]:53'], mdns: [eth0], hosts: { a: 1.2.3.4, b: [1.2.3.4] }, zones: { lan: 192.168.1.1 }, leases: [a] }",
    "containers: { socket: /run/docker.sock }\ncertificates: { acme: off }\ndata: { folder: /a }",
  ])("accepts what tenk accepts: %s", (text) => {
    expect(() => parseConfig(text, "tenk.yaml")).not.toThrow();
    expect(marked(parse(text))).toEqual([]);
  });

  test("describes every setting, and its defaults are right by itself", () => {
    const missing: string[] = [];
    const wrong: string[] = [];
    walk(schema, "", (key, each) => {
      if (typeof each.description !== "string") missing.push(key);
      if (each.default === undefined) return;
      const { default: value, ...rest } = each;
      if (value !== null && !ajv.compile(rest as object)(value)) wrong.push(key);
    });
    // A setting of a new section: describe it in the second argument of `section()`, then run scripts/defaults.ts.
    expect(missing).toEqual([]);
    expect(wrong).toEqual([]);
  });
});

test("docs/defaults.md is what scripts/defaults.ts makes", () => {
  const page = readFileSync(`${ROOT}docs/defaults.md`, "utf8");
  expect(page === defaultsPage() || "run scripts/defaults.ts").toBe(true);
});

function walk(node: JsonSchema, key: string, visit: (key: string, node: JsonSchema) => void): void {
  for (const [name, each] of Object.entries(node.properties ?? {})) {
    visit(`${key}${name}`, each);
    walk(each, `${key}${name}.`, visit);
  }
  if (typeof node.additionalProperties === "object") walk(node.additionalProperties, `${key}NAME.`, visit);
  if (node.items !== undefined) walk(node.items, key, visit);
  if (Array.isArray(node.anyOf)) for (const form of node.anyOf as JsonSchema[]) walk(form, key, visit);
}
