import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instance, parseConfig, up } from "../../../src/app/mod.ts";
import { keptLog } from "../../app/admin/support.ts";

/** The name under which the box of these tests serves HTTPS, and which its certificate has. */
export const NAME = "own.home.arpa";

export interface Site {
  readonly instance: Instance;
  readonly folder: string;
  readonly log: ReturnType<typeof keptLog>;
  /** By the listener's name: udp, tcp, tls, https, http. */
  port(name: string): number;
  /** The root of the local CA: a file of PEM. */
  readonly rootFile: string;
  readonly root: string;
  /** @returns "reloaded", or what is wrong */
  reload(text: string): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

const QUIET = 'dashboard: { listen: "127.0.0.1:0" }\ndomain: home.arpa\n';
const DNS = "listen: 127.0.0.1:0, blocklists: [], upstreams: [127.0.0.1:9]";
const PROXY = `https: 127.0.0.1:0, http: 127.0.0.1:0, names: [${NAME}], workers: 1`;

/** A configuration with a name server and HTTPS on loopback. @param more settings of each, after those that all tests have */
export function siteText(more: { dns?: string; proxy?: string; rest?: string } = {}): string {
  const { dns = "tls: 127.0.0.1:0", proxy = "", rest = "" } = more;
  return `dns: { ${DNS}, ${dns} }\nproxy: { ${PROXY}${proxy && `, ${proxy}`} }\n${rest}`;
}

/** Runs an instance whose name server is reached by HTTPS too. */
export async function openSite(text = siteText()): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-dns-site-"));
  const parsed = (given: string) =>
    parseConfig(`${QUIET}data: { folder: "${folder}", history: false }\n${given}`, "tenk.yaml", folder);
  const log = keptLog();
  const instance = await up(parsed(text), { log, logDefaults: false });
  const rootFile = join(folder, "certificates/local/root.crt");
  return {
    instance,
    folder,
    log,
    rootFile,
    get root() {
      return readFileSync(rootFile, "utf8");
    },
    port: (name) => instance.listeners.find((each) => each.name === name)!.port,
    reload: (given) =>
      instance.reload(parsed(given)).then(
        () => "reloaded",
        (error: Error) => error.message,
      ),
    async [Symbol.asyncDispose]() {
      await instance.stop(0);
      rmSync(folder, { recursive: true });
    },
  };
}

/** Runs a program beside the instance, which must answer it meanwhile. @returns all that it says */
export async function runBeside(program: string, words: readonly string[]): Promise<string> {
  const child = Bun.spawn([program, ...words], { stdout: "pipe", stderr: "pipe" });
  const texts = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return texts.join("");
}
