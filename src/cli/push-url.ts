import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { dataFolderOf, findToken, type LoadedConfig, loadConfig, usualDataFolder } from "../app/mod.ts";
import { TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { parseUrl } from "./instance-request.ts";
import { examples, valueOption } from "./options.ts";
import { print } from "./output.ts";
import { DEFAULT_FILE, defaultFile } from "./up.ts";

interface PushUrlOptions {
  readonly config?: string;
  readonly url?: URL;
  readonly renew?: boolean;
  readonly json?: boolean;
}

const TIMEOUT_MS = 5000;

export function pushUrlCommand(exit: (code: number) => void): Command {
  return new Command("push-url")
    .description(
      "Print the URL that a job calls when it has succeeded. Whoever knows it may call it, and nothing else.",
    )
    .argument("[service]", "one of kind push; all of them without it")
    .addOption(
      valueOption("--url <url>", "how jobs reach the dashboard (default: as the configuration says)", parseUrl),
    )
    .option("--renew", "give it another one first: the one before stops working")
    .option("--config <file>", `configuration (default: ${DEFAULT_FILE} where it exists)`)
    .option("--json", "print as JSON")
    .addHelpText(
      "after",
      examples("tenk push-url", "tenk push-url backup --url https://box.home.arpa", "tenk push-url backup --renew"),
    )
    .action(async (service: string | undefined, options: PushUrlOptions) => {
      const urls = await urlsOf(service, options);
      if (options.json) print(JSON.stringify(urls, null, 2));
      else for (const [name, url] of Object.entries(urls)) print(service === undefined ? `${name}  ${url}` : url);
      exit(EXIT.pass);
    });
}

async function urlsOf(service: string | undefined, options: PushUrlOptions): Promise<Record<string, string>> {
  const loaded = loadConfig(options.config ?? defaultFile());
  const jobs = loaded.services.filter(({ kind }) => kind === "push").map(({ name }) => name);
  if (service !== undefined && !jobs.includes(service)) {
    const hint = jobs.length === 0 ? "there is none: NAME: { kind: push }" : `there are ${jobs.join(", ")}`;
    throw new TenkError("usage", `No service of kind push is called ${service}`, { hint });
  }
  const folder = dataFolderOf(loaded, usualDataFolder());
  const base = options.url ?? baseOf(loaded);
  if (options.renew) await renew(service, base, folder);
  const keys = readKeys(join(folder, "push-keys.json"));
  const wanted = service === undefined ? jobs : [service];
  return Object.fromEntries(
    wanted.map((name) => {
      if (!Object.hasOwn(keys, name)) throw noKey(`Cannot find the key of ${name} in ${folder}`);
      return [name, new URL(`push/${name}/${keys[name]}`, base).href];
    }),
  );
}

/** By the service that leads to the dashboard, where there is one. */
function baseOf({ services, config }: LoadedConfig): URL {
  const host = services.find(({ target }) => target === "dashboard")?.hosts.find((each) => !each.includes("*"));
  if (host !== undefined) return new URL(`https://${host}/`);
  const { listen } = config.dashboard;
  const local = ["0.0.0.0", "::"].includes(listen.host) ? "127.0.0.1" : listen.host;
  return new URL(`http://${local.includes(":") ? `[${local}]` : local}:${listen.port}/`);
}

function readKeys(path: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw noKey(`Cannot read ${path}`, error);
  }
}

function noKey(message: string, cause?: unknown): TenkError {
  const hint = "tenk up makes it; that of another user's instance is printed by that user, such as sudo tenk push-url";
  return new TenkError("file-unreadable", message, { cause, hint });
}

async function renew(service: string | undefined, base: URL, folder: string): Promise<void> {
  if (service === undefined) throw new TenkError("usage", "--renew needs the name of a service");
  const token = process.env.TENK_TOKEN ?? findToken(folder);
  const headers = { "content-type": "application/json", "x-tenk": "1", authorization: `Bearer ${token}` };
  const body = JSON.stringify({ service, renew: true });
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(new URL("api/probe/push-key", base), { method: "POST", headers, body, signal });
    if (response.ok) return;
    throw new TenkError(
      "request-failed",
      `Cannot renew the URL of ${service}: ${base.href} answers ${response.status}`,
    );
  } catch (error) {
    if (error instanceof TenkError) throw error;
    const hint = "is tenk up running, and this its dashboard? --url says where it is";
    throw new TenkError("connect-failed", `Cannot renew the URL of ${service}: ${base.href} does not answer`, { cause: error, hint }); // biome-ignore format: one call
  }
}
