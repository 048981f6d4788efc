import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { importCaddyfile } from "../../../src/app/mod.ts";
import { withFolder } from "../../cli/tenk.ts";
import { type Random, randomFrom } from "../../wire/fuzz.ts";
import { hasCaddy } from "./oracle.ts";

const CHARACTERS = ["a", "b", "\\", '"', "`", "#", "{", "}", " ", "\t", "\n", "<", "é", "'"];
const SITES = Number(process.env.TENK_RUNS ?? 300);

/** A word, no brace alone, in one of the ways to write it, that Caddy reads as one. */
function word(random: Random): string {
  const text = (characters: readonly string[], least: number) =>
    Array.from({ length: least + random(8) }, () => characters[random(characters.length)]).join("");
  switch (random(3)) {
    case 0: // A backslash before the closing quote would escape it.
      return `"w${text(
        CHARACTERS.filter((each) => each !== '"' && each !== "\\"),
        0,
      )}${["", '\\"', "\\a", "\\\\"][random(4)]}"`;
    case 1:
      return `\`w${text(
        CHARACTERS.filter((each) => each !== "`"),
        0,
      )}\``;
    default: // Where it ends with a backslash, the next line continues it.
      return `x${text(
        CHARACTERS.filter((each) => !/[\s{}]/.test(each)),
        0,
      )}.`;
  }
}

if (hasCaddy) {
  test("words are cut as Caddy cuts them", async () => {
    const random = randomFrom(1);
    const words = Array.from({ length: SITES }, () => word(random));
    const text = words.map((each, index) => `s${index}.test {\n respond ${each} # no word\n}\n`).join("");
    const ours = importCaddyfile(text, "Caddyfile", { env: {}, filesOf: () => [] }).services;
    const theirs = await bodiesByHost(text);
    expect(theirs.size).toBe(SITES);
    for (const [index, each] of words.entries()) {
      const respond = ours[`s${index}`]?.respond ?? null;
      // A body that is not ASCII or has an unknown placeholder is left out, and said so.
      if (respond === null) continue;
      const body = typeof respond === "string" ? respond : ((respond as { body?: string }).body ?? "");
      expect([each, body]).toEqual([each, theirs.get(`s${index}.test`) ?? ""]);
    }
    expect(Object.keys(ours).length).toBeGreaterThan(SITES * 0.9);
  });
} else {
  test.skipIf(process.env.CI !== "true")("words cannot be compared: needs caddy", () => {
    expect(hasCaddy).toBe(true);
  });
}

async function bodiesByHost(text: string): Promise<Map<string, string>> {
  const bodies = new Map<string, string>();
  await withFolder(async (folder) => {
    const file = join(folder, "Caddyfile");
    writeFileSync(file, text);
    const { stdout, stderr, status } = spawnSync("caddy", ["adapt", "--config", file], {
      encoding: "utf8",
      env: {},
      maxBuffer: 2 ** 28,
    });
    expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
    for (const { match, handle } of JSON.parse(stdout).apps.http.servers.srv0.routes) {
      bodies.set(match[0].host[0], handle[0].routes[0].handle[0].body ?? "");
    }
  });
  return bodies;
}
