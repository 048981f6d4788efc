import { TenkError } from "../../../base/mod.ts";
import { ArchiveError, type ArchiveFiles, readArchive } from "../../../wire/archive/mod.ts";
import { DnsDraft, type ImportedDns } from "../draft.ts";
import { parseToml } from "../toml.ts";
import { importDnsmasqLine, importHostsLine } from "./dnsmasq.ts";
import { importTables } from "./groups.ts";
import { importToml, importVariables } from "./settings.ts";
import { JSON_FILES, tablesOfDatabase, tablesOfJson } from "./tables.ts";

/** A real archive has a few dozen files and some hundred kilobytes. */
const LIMITS = { maxEntries: 1000, maxFileBytes: 32 * 2 ** 20, maxTotalBytes: 64 * 2 ** 20 };
const [DATABASE, TOML] = ["etc/pihole/gravity.db", "etc/pihole/pihole.toml"];
const HOSTS = ["custom.list", "etc/hosts"];
const VARIABLES = ["setupVars.conf", "pihole-FTL.conf"];
const DNSMASQ = /^(?:etc\/)?dnsmasq\.d\/[^/]+\.conf$/;
/** Pi-hole 5 writes it from its other settings. */
const GENERATED = /\/0[1246]-pihole[^/]*\.conf$/;
const WANTED = new Set([DATABASE, TOML, ...HOSTS, ...VARIABLES, ...JSON_FILES]);

/**
 * Turns an archive of Pi-hole's Teleporter into `dns:`: `.zip` of Pi-hole 6, `.tar.gz` of Pi-hole 5. Nothing of it is written to the
 * disk. DHCP leases, passwords and the query log stay where they are.
 *
 * @throws {TenkError} `config` where it is no such archive, or a hostile one
 */
export function importPihole(bytes: Uint8Array): ImportedDns {
  const files = filesOf(bytes);
  if (files.size === 0)
    throw new TenkError("config", "Cannot import the archive: it has no file of Pi-hole", {
      hint: "export it in Pi-hole under Settings, Teleporter",
    });
  const draft = new DnsDraft();
  importFiles(files, draft);
  return draft.result();
}

function filesOf(bytes: Uint8Array): ArchiveFiles {
  try {
    return readArchive(bytes, LIMITS, (path) => WANTED.has(path) || (DNSMASQ.test(path) && !GENERATED.test(path)));
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw new TenkError("config", `Cannot import the archive: ${error.message}`);
  }
}

function importFiles(files: ArchiveFiles, draft: DnsDraft): void {
  const texts = new Map([...files].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]));
  const toml = texts.get(TOML);
  if (toml !== undefined) tryToml(toml, draft);
  const variables = VARIABLES.flatMap((file) => texts.get(file) ?? []);
  if (variables.length > 0) importVariables(variables, draft);
  for (const file of HOSTS) {
    for (const [index, line] of linesOf(texts.get(file))) importHostsLine(`${file}:${index + 1}`, line, draft);
  }
  for (const [path, text] of texts) {
    if (!DNSMASQ.test(path)) continue;
    for (const [index, line] of linesOf(text)) importDnsmasqLine(`${path}:${index + 1}`, line, draft);
  }
  const database = files.get(DATABASE);
  importTables(database === undefined ? tablesOfJson(texts, draft) : tablesOfDatabase(database, draft), draft);
}

function linesOf(text = ""): IterableIterator<[number, string]> {
  return text.split(/\r?\n/).entries();
}

function tryToml(text: string, draft: DnsDraft): void {
  let toml: Record<string, unknown>;
  try {
    toml = parseToml(text);
  } catch {
    draft.lose(TOML, "not carried over: it is no TOML");
    return;
  }
  importToml(toml, draft);
}
