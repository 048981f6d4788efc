import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { exposition, type Family } from "../../src/metrics/exposition.ts";
import { FamilyBuilder } from "../../src/metrics/family-builder.ts";

/** Returns `name{label="value"}` → value, as in a scrape. */
export function valuesOf(families: readonly Family[]): Record<string, number> {
  return valuesOfText(exposition(families));
}

/** The same for any exposition text. Labels are sorted, and empty ones left out, since Prometheus ignores them. */
export function valuesOfText(text: string): Record<string, number> {
  const values: Record<string, number> = {};
  for (const line of text.split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) continue;
    const labels = [...(match[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
      .filter(([, , value]) => value !== "")
      .map(([label]) => label)
      .sort();
    values[labels.length === 0 ? match[1]! : `${match[1]}{${labels.join()}}`] = Number(match[3]);
  }
  return values;
}

/** Returns the values that one collector adds. */
export async function added(add: (builder: FamilyBuilder) => unknown): Promise<Record<string, number>> {
  const builder = new FamilyBuilder();
  await add(builder);
  return valuesOf(builder.families());
}

/** A machine of files: text by path, or `→ path` for a link (to a path of this machine). */
export function fakeRoot(files: Readonly<Record<string, string>>): { root: string; [Symbol.dispose](): void } {
  const root = mkdtempSync(join(tmpdir(), "tenk-host-"));
  for (const [path, text] of Object.entries(files)) {
    const absolute = join(root, path);
    mkdirSync(dirname(absolute), { recursive: true });
    if (text.startsWith("→ ")) symlinkSync(join(root, text.slice(2)), absolute);
    else writeFileSync(absolute, text);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}
