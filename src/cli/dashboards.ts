import { lstatSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { dashboardFiles, formatAddress, parseAddress } from "../app/mod.ts";
import { messageOf, systemCodeOf, TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { examples, valueOption } from "./options.ts";
import { print } from "./output.ts";

interface DashboardsOptions {
  readonly out: string;
  readonly prometheus?: string;
  readonly box?: string;
  readonly force?: boolean;
}

export function dashboardsCommand(exit: (code: number) => void): Command {
  return new Command("dashboards")
    .description("Write Grafana dashboards for tenk, and the configuration of Grafana and Prometheus for them.")
    .requiredOption("--out <folder>", "into this folder, which is made when it is missing")
    .addOption(
      valueOption("--prometheus <url>", "where Grafana finds Prometheus (default: http://127.0.0.1:9090)", httpUrl),
    )
    .addOption(
      valueOption("--box <address>", "where Prometheus finds /metrics (default: 127.0.0.1:9190)", instanceAddress),
    )
    .option("--force", "overwrite existing files")
    .addHelpText(
      "after",
      examples("tenk dashboards --out grafana", "tenk dashboards --out grafana --box 192.168.1.7:9190 --force"),
    )
    .action((options: DashboardsOptions) => exit(writeDashboards(options)));
}

/** Writes all files, or none when one exists already. @throws {TenkError} `file-unreadable` */
function writeDashboards({ out, prometheus, box, force = false }: DashboardsOptions): number {
  const folder = resolve(out);
  const options = { ...(prometheus && { prometheusUrl: prometheus }), ...(box && { instanceAddress: box }) };
  const files = Object.entries(dashboardFiles({ folder, ...options }));
  const existing = files.map(([path]) => join(out, path)).filter(exists);
  if (existing.length > 0 && !force) {
    const more = existing.length > 1 ? `, and ${existing.length - 1} more do` : "";
    throw new TenkError("file-unreadable", `Cannot write ${existing[0]}: it exists already${more}`, {
      hint: "--force overwrites",
    });
  }
  for (const [path, text] of files) print(`wrote ${write(join(out, path), text)}`);
  print(`
Prometheus: add the job of ${join(out, "prometheus.yml")} to yours, or: prometheus --config.file=${join(out, "prometheus.yml")}
Grafana:    copy ${join(out, "provisioning")} over its own, and restart it`);
  return EXIT.pass;
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false; // when it is unreadable, writing fails with the reason
  }
}

/** Writes a file atomically. A link at the path is replaced, not followed. */
function write(path: string, text: string): string {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const beside = `${path}.${process.pid}.tmp`;
    writeFileSync(beside, text, { flag: "wx" });
    renameSync(beside, path);
    return path;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    throw new TenkError("file-unreadable", `Cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function httpUrl(text: string): string {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text;
  throw new TenkError("usage", `Cannot use "${text}": expected an address that begins with http:// or https://`);
}

function instanceAddress(text: string): string {
  return formatAddress(parseAddress(text, "127.0.0.1"));
}
