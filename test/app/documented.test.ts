import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { keysAt } from "../../src/app/config/schema-path.ts";
import { effectiveSettings, loadConfig, parseConfig } from "../../src/app/mod.ts";

const PAGE = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

test("docs/configuration.md has every setting with its default", () => {
  for (const { key, value } of effectiveSettings(loadConfig())) {
    const row = PAGE.split("\n").find((line) => line.includes(`\`${key.replace("tcp.packets.", "tcp.NAME.")}\``));
    expect([key, row !== undefined]).toEqual([key, true]);
    if (key !== "tcp.packets.listen") expect(row).toContain(`| \`${value}\` |`);
  }
});

test("and those of sections that are not there by default", () => {
  const sections = `tcp:
  one: { listen: 1, tls: { cert: a.pem, key: b.pem }, proxyProtocol: { trusted: [10.0.0.7] } }
  two: { listen: 2, handler: relay, relay: { targets: ["a:1"] } }`;
  const defaulted = effectiveSettings(parseConfig(sections, "tenk.yaml")).filter(
    (each) => each.defaulted && /tls|proxyProtocol|relay/.test(each.key),
  );
  expect(defaulted.length).toBeGreaterThan(12);
  for (const { key, value } of defaulted) {
    const row = PAGE.split("\n").find((line) => line.includes(`\`${key.replace(/tcp\.\w+/, "tcp.NAME")}\``));
    expect([key, row]).toEqual([key, expect.stringContaining(`| \`${value}\` |`)]);
  }
});

const SERVICES = `services:
  a: { target: http://a, sticky: { cookie: tenk }, health: { path: /up }, hsts: { preload: false } }
  b: { targets: [https://a], tls: { verify: true }, auth: { users: { me: "$argon2id$v=19$m=1,t=1,p=1$a$b" } } }
  c: { respond: { status: 200 } }
  d: { redirect: { to: /a } }
  e: { root: { folder: a, fallback: /a } }
  f: { target: "redis://a" }`;

test("and those of services", () => {
  const settings = effectiveSettings(parseConfig(SERVICES, "tenk.yaml"));
  const defaulted = settings.filter(({ key, defaulted }) => defaulted && key.startsWith("services."));
  expect(defaulted.length).toBeGreaterThan(80);
  for (const { key, value } of defaulted) {
    const row = PAGE.split("\n").find((line) => line.includes(`\`${key.replace(/services\.\w+/, "services.NAME")}\``));
    // A service's burst follows from its rate.
    if (!key.endsWith(".burst")) expect([key, row]).toEqual([key, expect.stringContaining(`| \`${value}\` |`)]);
  }
});

test("and every key of a service, in a row of its own or in that of its section", () => {
  const keys = serviceKeys([]);
  expect(keys.length).toBeGreaterThan(60);
  for (const key of keys) {
    const section = key.slice(0, Math.max(0, key.lastIndexOf(".")));
    const rows = PAGE.split("\n").filter((line) => line.includes(`services.NAME.${section}\``));
    const isInSection = rows.some((row) => new RegExp(`\\b${key.slice(section.length + 1)}\\b`).test(row));
    expect([key, PAGE.includes(`services.NAME.${key}\``) || isInSection]).toEqual([key, true]);
  }
});

test("the examples of docs/certificates.md are accepted", () => {
  const page = readFileSync(new URL("../../docs/certificates.md", import.meta.url), "utf8");
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);
  expect(examples.length).toBeGreaterThan(4);
  for (const text of examples) expect(() => parseConfig(text, "tenk.yaml")).not.toThrow();
});

/** Returns the keys of settings, without those of sections. */
function serviceKeys(path: readonly string[]): string[] {
  const keys = keysAt(["services", "NAME", ...path]);
  return keys.length === 0 ? [path.join(".")] : keys.flatMap((key) => serviceKeys([...path, key]));
}
