/** Pebble, the ACME project's own test CA, and its DNS server: Go programs that tests issue certificates with. */
import { expect } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../net/support.ts";

const VERSION = "v2.10.3";
const MODULE = "github.com/letsencrypt/pebble/v2";
const programs = join(tmpdir(), `tenk-pebble-${VERSION}`);

/** Takes a minute the first time on a machine: call it in `beforeAll`, with a time limit of its own. */
export function buildPebble(): void {
  mkdirSync(programs, { recursive: true });
  for (const name of ["pebble", "pebble-challtestsrv"]) {
    if (existsSync(join(programs, name))) continue;
    const build = spawnSync("go", ["install", `${MODULE}/cmd/${name}@${VERSION}`], {
      env: { ...process.env, GOFLAGS: "-mod=mod", GOBIN: programs },
    });
    expect([build.status, build.status === 0 ? "" : build.stderr.toString()]).toEqual([0, ""]);
  }
}

/** Where the module's own certificates for `localhost` are. */
function moduleFolder(): string {
  const { stdout } = spawnSync("go", ["mod", "download", "-json", `${MODULE}@${VERSION}`]);
  return (JSON.parse(stdout.toString()) as { Dir: string }).Dir;
}

export interface PebbleOptions {
  /** Where it looks for answers to challenges. */
  httpPort: number;
  tlsPort: number;
  /** Of 100 nonces, how many it refuses. @default {0} */
  badNonces?: number;
  /** It waits up to so long before it validates. @default {0} */
  maxSleepSeconds?: number;
  /** Only accounts that are bound to one of these: key identifier → MAC key. */
  externalAccounts?: Readonly<Record<string, string>>;
  /** How many roots it offers beside the first. @default {0} */
  alternateRoots?: number;
  /** @default a free one */
  port?: number;
}

export interface Pebble extends AsyncDisposable {
  readonly port: number;
  readonly directory: string;
  /** Signed the certificate of its own server. */
  readonly ca: string;
  /** Of the management interface: `roots/0`, `set-renewal-info/`. */
  readonly management: string;
  /** Adds (or, with `clear`, removes) what its DNS server answers. */
  dns(action: string, body: object): Promise<void>;
  readonly dnsManagement: string;
  /** Of its own server, for `localhost`. */
  readonly serverCertificate: { cert: string; key: string };
  stop(): Promise<void>;
}

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-pebble-"));
  const module = moduleFolder();
  const [port, managementPort, dnsPort, dnsManagementPort] = [
    options.port ?? (await freePort()),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  writeFileSync(join(folder, "config.json"), JSON.stringify({ pebble: config(options, module, port, managementPort) }));
  const dnsServer = `127.0.0.1:${dnsPort}`;
  const dns = start("pebble-challtestsrv", {}, "-dnsserver", dnsServer, "-management", `127.0.0.1:${dnsManagementPort}`, "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""); // biome-ignore format: arguments
  const environment = {
    PEBBLE_WFE_NONCEREJECT: String(options.badNonces ?? 0),
    PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots ?? 0),
    PEBBLE_AUTHZREUSE: "0",
    ...(options.maxSleepSeconds
      ? { PEBBLE_VA_SLEEPTIME: String(options.maxSleepSeconds) }
      : { PEBBLE_VA_NOSLEEP: "1" }),
  };
  const child = start(
    "pebble",
    environment,
    "-strict",
    "-config",
    join(folder, "config.json"),
    "-dnsserver",
    dnsServer,
  );
  const ca = readFileSync(join(module, "test/certs/pebble.minica.pem"), "utf8");
  const directory = `https://localhost:${port}/dir`;
  const dnsManagement = `http://127.0.0.1:${dnsManagementPort}`;
  await answers(directory, ca);
  await answers(dnsManagement, ca);
  const stop = async () => {
    await Promise.all([ended(child), ended(dns)]);
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    port,
    directory,
    ca,
    management: `https://localhost:${managementPort}`,
    dnsManagement,
    serverCertificate: {
      cert: readFileSync(join(module, "test/certs/localhost/cert.pem"), "utf8"),
      key: readFileSync(join(module, "test/certs/localhost/key.pem"), "utf8"),
    },
    async dns(action, body) {
      const { status } = await fetch(`${dnsManagement}/${action}`, { method: "POST", body: JSON.stringify(body) });
      expect(status).toBe(200);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function config(options: PebbleOptions, module: string, port: number, managementPort: number): object {
  return {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: join(module, "test/certs/localhost/cert.pem"),
    privateKey: join(module, "test/certs/localhost/key.pem"),
    httpPort: options.httpPort,
    tlsPort: options.tlsPort,
    keyAlgorithm: "ecdsa",
    domainBlocklist: ["blocked.example.org"],
    externalAccountBindingRequired: options.externalAccounts !== undefined,
    externalAccountMACKeys: options.externalAccounts ?? {},
    profiles: {
      default: { description: "ninety days", validityPeriod: 7_776_000 },
      shortlived: { description: "six days", validityPeriod: 518_400 },
    },
  };
}

function start(name: string, environment: Record<string, string>, ...words: string[]): ChildProcess {
  return spawn(join(programs, name), words, { env: { ...process.env, ...environment }, stdio: "ignore" });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exit;
}

/** Resolves when there is any answer at `url`. */
async function answers(url: string, ca: string): Promise<void> {
  for (const deadline = performance.now() + 10_000; ; ) {
    try {
      await (await fetch(url, { tls: { ca } })).text();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
