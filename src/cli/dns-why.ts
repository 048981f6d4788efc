import { Command } from "commander";
import { formatDuration } from "../base/mod.ts";
import type { WhyAnswer } from "../dash/mod.ts";
import { EXIT } from "./failure.ts";
import { askInstance, instanceOption } from "./instance-request.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { visibleText } from "./report-rows.ts";
import { type Paints, paintsFor } from "./terminal.ts";

/** Lists of megabytes are read for it. */
const TIMEOUT_MS = 30_000;

interface WhyOptions {
  readonly url: URL;
  readonly client?: string;
  readonly type?: string;
  readonly json?: boolean;
}

export function dnsWhyCommand(exit: (code: number) => void): Command {
  return new Command("why")
    .description(
      "Why a name is answered as it is: a local record, a list and its line, the cache, or which upstream is asked.",
    )
    .argument("<name>", "a name such as ads.example.org")
    .option("--client <client>", "as this client would get it: an address, or a client's name (default: this machine)")
    .option("--type <type>", "A, AAAA, HTTPS, … (default: A)")
    .addOption(instanceOption())
    .option("--json", "print as JSON")
    .addHelpText(
      "after",
      examples("tenk dns why ads.example.org", "tenk dns why git.home.arpa --type AAAA --client 192.168.1.7"),
    )
    .action(async (name: string, options: WhyOptions) => exit(await runWhy(name, options)));
}

async function runWhy(name: string, { url, client, type, json }: WhyOptions): Promise<number> {
  const query = { name, type, client };
  const asked = { what: "the reason", query, timeoutMs: TIMEOUT_MS };
  const why = await askInstance<WhyAnswer>(url, "api/dns/why", asked);
  print(json ? JSON.stringify(why, null, 2) : whyText(why, paintsFor(process.stdout)));
  return EXIT.pass;
}

/**
 * Formats an answer. Nothing of a name or a list reaches the terminal unescaped.
 *
 * @example
 * "ads.example.org A is blocked: NOERROR A 0.0.0.0\n  stevenblack, line 12: 0.0.0.0 ads.example.org"
 */
export function whyText(why: WhyAnswer, { bold, dim }: Paints): string {
  const { lists } = why;
  const lines = [`${bold(`${visibleText(why.name)} ${visibleText(why.type)}`)} ${reasonOf(why)}`];
  if (lists !== null) {
    if (lists.name !== why.name) lines.push(`  its answer leads to ${visibleText(lists.name)}`);
    const done = { block: "blocked", allow: "allowed", rewrite: "rewritten" }[lists.action];
    for (const { list, line, text } of lists.lines)
      lines.push(`  ${done} by ${visibleText(list)}, line ${line}: ${visibleText(text)}`);
  }
  if (why.isPaused) lines.push(dim("  blocking is paused or off"));
  return lines.join("\n");
}

function reasonOf({ verdict, rcode, records, cache, upstreams }: WhyAnswer): string {
  const answer = visibleText([rcode ?? "", ...records].filter((text) => text !== "").join(" "));
  if (verdict === "local") return `is a local name: ${answer}`;
  if (verdict === "special") return `is a special name, which is never forwarded: ${answer}`;
  if (verdict === "cached") return `is in the cache: ${answer}${cache === null ? "" : ` (${ageText(cache)})`}`;
  if (verdict !== "forwarded") return `is ${visibleText(verdict)}: ${answer}`;
  const alias = answer === "" ? "" : ` (it is a local alias: ${answer})`;
  return `is not known here, ${visibleText(upstreams.join(", ") || "no upstream")} would be asked${alias}`;
}

function ageText({ ageSeconds, ttlSeconds }: NonNullable<WhyAnswer["cache"]>): string {
  const left = ttlSeconds - ageSeconds;
  const age = `${formatDuration(ageSeconds * 1000)} old`;
  return left > 0 ? `${age}, ${formatDuration(left * 1000)} left` : `${age}, stale for ${formatDuration(-left * 1000)}`;
}
