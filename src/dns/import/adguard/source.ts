import { LineCounter, parseDocument } from "yaml";
import { TenkError } from "../../../base/mod.ts";
import { type Settings, tableOf } from "../values.ts";

/** Aliases of aliases multiply; AdGuard Home writes none. */
const MAX_ALIASES = 10;

/** `AdGuardHome.yaml`: its values, and where they stand. */
export interface AdguardSource {
  readonly settings: Settings;
  /** Returns the line of a value, as `AdGuardHome.yaml:12 dns.upstream_dns`. */
  where(...path: readonly (string | number)[]): string;
}

/** @throws {TenkError} `config` where it is no YAML, or has neither of the sections that AdGuard Home writes */
export function readSource(text: string, file: string): AdguardSource {
  const lines = new LineCounter();
  let settings: Settings;
  let lineOf: (path: readonly (string | number)[]) => number | undefined;
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
    if (document.errors.length > 0) throw document.errors[0];
    settings = tableOf(document.toJS({ maxAliasCount: MAX_ALIASES }));
    lineOf = (path) => {
      const range = (document.getIn(path, true) as { range?: readonly number[] } | undefined)?.range;
      return range === undefined ? undefined : lines.linePos(range[0]!).line;
    };
  } catch {
    throw new TenkError("config", `Cannot import ${file}: it is no YAML that AdGuard Home writes`);
  }
  if (settings.dns === undefined && settings.filters === undefined) {
    throw new TenkError("config", `Cannot import ${file}: expected a section dns: or filters:`, {
      hint: "AdGuard Home keeps AdGuardHome.yaml beside its program",
    });
  }
  return {
    settings,
    where(...path) {
      const line = lineOf(path);
      return line === undefined ? file : `${file}:${line}`;
    },
  };
}
