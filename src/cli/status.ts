import { Command } from "commander";
import { formatAddress, type Status } from "../app/mod.ts";
import { formatBytes, formatCount, formatDuration, messageOf, TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { examples, valueOption } from "./options.ts";
import { print } from "./output.ts";
import { table } from "./table.ts";

export function statusCommand(exit: (code: number) => void): Command {
  return new Command("status")
    .description("What a running box serves, on which ports, and how it fares.")
    .addOption(valueOption("--url <url>", "its status surface", parseUrl).default(new URL("http://127.0.0.1:9190/")))
    .option("--json", "print as JSON")
    .addHelpText("after", examples("tenk status", "tenk status --url http://127.0.0.1:9190 --json"))
    .action(async (options: { url: URL; json?: boolean }) => exit(await runStatus(options)));
}

async function runStatus({ url, json }: { url: URL; json?: boolean }): Promise<number> {
  const status = await fetchStatus(url);
  print(json ? JSON.stringify(status, null, 2) : statusText(status));
  return EXIT.pass;
}

/**
 * Asks a box for its status.
 *
 * @throws {TenkError} `connect-failed` when nothing or something else answers there
 */
export async function fetchStatus(url: URL, timeoutMs = 5000): Promise<Status> {
  try {
    const response = await fetch(new URL("api/status", url), { signal: AbortSignal.timeout(timeoutMs) });
    const status = response.ok ? ((await response.json()) as Partial<Status>) : undefined;
    if (status && typeof status.tenk === "string" && Array.isArray(status.listeners)) return status as Status;
    throw new Error(`it answered ${response.status}, not as a box does`);
  } catch (error) {
    const isRefused = ["ECONNREFUSED", "ConnectionRefused"].includes(String((error as { code?: unknown }).code));
    const why = isRefused ? "nothing listens there" : messageOf(error);
    throw new TenkError("connect-failed", `Cannot ask ${url.href} for its status: ${why}`, {
      cause: error,
      hint: "is tenk up running, and this its dashboard address?",
    });
  }
}

function statusText({ tenk, startedAt, listeners, process }: Status): string {
  const upMs = Date.now() - Date.parse(startedAt);
  const rows = listeners.map(({ name, host, port, path, handler, workers, counts }) => [
    name,
    path === undefined ? formatAddress({ host, port }) : formatAddress({ path }),
    handler,
    `${workers}`,
    formatCount(counts.active),
    formatCount(counts.accepted),
    formatCount(Object.values(counts.refused).reduce((sum, each) => sum + each, 0)),
    formatBytes(counts.bytesRead),
    formatBytes(counts.bytesWritten),
  ]);
  const head = ["listener", "address", "handler", "workers", "open", "accepted", "refused", "read", "written"];
  const memory = process.rssBytes === null ? "" : `, ${formatBytes(process.rssBytes)} resident`;
  const descriptors =
    process.openDescriptors === null ? "" : `, ${process.openDescriptors} of ${process.maxDescriptors} descriptors`;
  return `tenk ${tenk}, pid ${process.pid}, up ${formatDuration(upMs)}
${formatDuration(process.cpuSeconds * 1000)} of processor${memory}${descriptors}, loop lag p99 ${formatDuration(process.eventLoopLagP99Us / 1000)}

${table([head, ...rows], "lllrrrrrr")}`;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new TenkError("usage", `Cannot read "${text}" as an address: expected http://host:port`);
}
