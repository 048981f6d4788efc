import { describe, expect, test } from "bun:test";
import { stringify } from "yaml";
import { wholeForm } from "../../scripts/defaults.ts";
import { configJsonSchema, type JsonSchema, type LoadedConfig, parseConfig } from "../../src/app/mod.ts";
import type { TenkError } from "../../src/base/mod.ts";

type Section = Record<string, unknown>;
interface Setting {
  readonly path: readonly string[];
  readonly isSection: boolean;
}

/** What a section needs, by the end of its path, so that one more setting can stand in it. */
const NEEDED: readonly (readonly [RegExp, Section])[] = [
  [/^alerts\.channels\.NAME$/, { gotify: { server: "https://a" } }],
  [/\.ntfy$/, { topic: "t" }],
  [/\.(webhook|discord|slack|apprise)$/, { url: "https://a" }],
  [/\.telegram$/, { token: "t", chat: "1" }],
  [/\.gotify$/, { server: "https://a", token: "t" }],
  [/\.email$/, { server: "smtps://a", from: "a@b.c", to: ["a@b.c"] }],
  [/^alerts\.quiet$/, { hours: "22:00-07:00" }],
  [/^alerts\.maintenance\.0$/, { services: ["all"], schedule: "22:00-07:00" }],
  [/^boxes\.NAME$/, { url: "https://a" }],
  [/^dns\.clients\.NAME$/, { match: ["192.168.1.2"] }],
  [/^dns\.follow$/, { url: "https://a", token: "a" }],
  [/^publish$/, { nats: "nats://a" }],
  [/^tcp\.NAME$/, { listen: 1 }],
  [/^tcp\.NAME\.relay$/, { targets: ["a:1"] }],
  [/\.relay\.targets\.0$/, { address: "a:1" }],
  [/\.tls\.names\.NAME$/, { cert: "a.pem", key: "b.pem" }],
  [/^tcp\.NAME\.tls$/, { cert: "a.pem", key: "b.pem" }],
  [/\.proxyProtocol$/, { trusted: ["10.0.0.1"] }],
  [/^certificates\.dns$/, { command: ["a"] }],
  [/^certificates\.externalAccount$/, { keyId: "a" }],
  [/^services\.NAME$/, { target: "http://a" }],
  [/\.targets\.0$/, { url: "http://a" }],
  [/\.redirect$/, { to: "/a" }],
  [/\.root$/, { folder: "a" }],
  [/\.auth$/, { users: { me: "$argon2id$v=19$m=1,t=1,p=1$a$b" } }],
  [/\.forward$/, { url: "http://a" }],
];

const settings = settingsOf(configJsonSchema(), []);

/** Returns every setting and section of the schema; a name is `NAME`, an item of a list `0`. */
function settingsOf(node: JsonSchema, path: readonly string[]): Setting[] {
  const whole = wholeForm(node);
  const below = [
    ...Object.entries(whole.properties ?? {}).flatMap(([key, each]) => settingsOf(each, [...path, key])),
    ...(typeof whole.additionalProperties === "object"
      ? settingsOf(whole.additionalProperties, [...path, "NAME"])
      : []),
    ...(whole.items === undefined
      ? []
      : settingsOf(whole.items, [...path, "0"]).filter(({ path: p }) => p.at(-1) !== "0")),
  ];
  const isSection = whole.properties !== undefined || typeof whole.additionalProperties === "object";
  return path.length === 0 || path.at(-1) === "NAME" ? below : [{ path, isSection }, ...below];
}

/** Returns a configuration with everything that the setting's section needs, and the setting with this value. */
function fileWith(path: readonly string[], value: unknown): string {
  const root: Section = {};
  let at: Section = root;
  for (const [index, key] of path.slice(0, -1).entries()) {
    const isList = path[index + 1] === "0";
    const here = path.slice(0, index + 1).join(".");
    const next: Section = structuredClone(NEEDED.find(([pattern]) => pattern.test(here))?.[1] ?? {});
    // A channel has one kind, and only a relay has targets.
    if (/^alerts\.channels\.NAME\.(?!(severity|after|repeat|quiet)$)/.test(path.join("."))) delete next.gotify;
    if (/^tcp\.NAME\.relay/.test(path.join(".")) && here === "tcp.NAME") next.handler = "relay";
    if (key === "0") (at as unknown as unknown[])[0] = next;
    else at[nameFor(key)] = isList ? [] : next;
    at = (isList ? at[nameFor(key)] : next) as Section;
  }
  if (path.length === 1 && value === undefined) root.log = {};
  if (value !== undefined) at[path.at(-1)!] = value;
  else delete at[path.at(-1)!];
  return stringify(root, { nullStr: "", aliasDuplicateObjects: false });
}

function nameFor(key: string): string {
  return key === "NAME" ? "name" : key;
}

function read(text: string): { loaded?: LoadedConfig; message?: string } {
  try {
    return { loaded: parseConfig(text, "tenk.yaml") };
  } catch (error) {
    expect((error as TenkError).code).toBe("config");
    return { message: (error as TenkError).message };
  }
}

/** Settings that take anything. */
const ANYTHING = /^tcp\.name\.options$/;

describe.each(settings.map(({ path, isSection }) => [path.map(nameFor).join("."), path, isSection] as const))(
  "%s",
  (key, path, isSection) => {
    test("missing, empty or wrong, it has its default or is refused with key, line, expected and found", () => {
      const missing = read(fileWith(path, undefined));
      const text = fileWith(path, null);
      const empty = read(text);
      if (empty.loaded !== undefined && missing.loaded !== undefined) {
        // A section is wanted by being written, even without settings.
        if (!isSection) expect(empty.loaded.config).toEqual(missing.loaded.config);
        const line = text.split("\n").findLastIndex((each) => new RegExp(`^[ -]*${path.at(-1)}:$`).test(each)) + 1;
        if (!isSection) expect(empty.loaded.empty).toEqual([{ key, line }]);
      }
      const refused = [missing, empty].flatMap(({ message }) => message ?? []);
      for (const message of refused) expect(message).toMatch(/^tenk\.yaml:\d+: [\w.]+: .*(expected|only)/);

      if (ANYTHING.test(key)) return;
      // Nothing is made of a list in a list, nor of a section with this name.
      for (const value of [[[{ "no-such": [] }]], { "no-such": [[]] }]) {
        const wrong = fileWith(path, value);
        const { message = `accepted: ${wrong}` } = read(wrong);
        const line = wrong.split("\n").findLastIndex((each) => new RegExp(`^[ -]*${path.at(-1)}:`).test(each)) + 1;
        expect(message).toMatch(/^tenk\.yaml:\d+: /);
        expect(message).toMatch(/expected|unknown key|only/);
        expect(message).toContain(key.slice(0, Math.max(0, key.lastIndexOf("."))));
        const lines = [...message.matchAll(/^tenk\.yaml:(\d+):/gm)].map(([, number]) => Number(number));
        expect([key, lines.some((each) => each >= line && each <= line + 4)]).toEqual([key, true]);
      }
    });
  },
);

test("the schema has all settings", () => expect(settings.length).toBeGreaterThan(350));
