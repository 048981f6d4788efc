/** What somebody sees who starts tenk in an empty folder, without any configuration. */
import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { overHttp1, overHttp2 } from "../proxy/tls-client.ts";
import { startTenk, tenk, withFolder } from "./tenk.ts";

/** A start takes a second, and several on a busy machine. */
const TIMEOUT_MS = 30_000;

interface Ready {
  readonly statusUrl: string;
  readonly listeners: readonly { readonly part: string; readonly name: string; readonly port: number }[];
}

/** `--auto-port`, as the sink's port may be in use on a machine that runs tests; everything else is as it comes. */
async function started(folder: string, ...words: string[]) {
  const env = { HOME: folder, XDG_DATA_HOME: join(folder, "data") };
  const program = startTenk(["up", "--json", "--auto-port", ...words], { cwd: folder, env });
  const [line] = await program.sees("stdout", /^.*\n/);
  const ready = JSON.parse(line) as Ready;
  return { ...program, ready, portOf: (name: string) => ready.listeners.find((each) => each.name === name)!.port };
}

test(
  "the bare box answers over HTTPS and HTTP what it got, and its log leads there",
  async () => {
    await withFolder(async (folder) => {
      const { child, ended, ready, portOf } = await started(folder);
      expect(ready.listeners.map(({ part, name }) => `${part} ${name}`)).toEqual([
        "dns udp",
        "dns tcp",
        "dns tls",
        "proxy https",
        "proxy http",
        "tcp packets",
      ]);
      const [https, http] = [portOf("https"), portOf("http")];
      for (const [make, protocol] of [
        [overHttp1, "HTTP/1.1"],
        [overHttp2, "HTTP/2.0"],
      ] as const) {
        const { status, headers, body } = await make(https)({
          host: `localhost:${https}`,
          path: "/some/path?a=%7Bb%7D",
        });
        expect([status, headers["content-type"]]).toEqual([200, "text/plain; charset=utf-8"]);
        const lines = body.split("\n");
        expect(Math.abs(Date.parse(lines[0]!) - Date.now())).toBeLessThan(60_000);
        const arch = { x64: "amd64" }[process.arch as string] ?? process.arch;
        expect(lines.slice(1, 3)).toEqual([`${hostname()}: linux/${arch}`, `${protocol} GET /some/path?a=%7Bb%7D`]);
        expect(lines.slice(3)).toEqual([
          expect.stringMatching(/^trust this box: http:\/\/\S+\/ca$/),
          expect.stringMatching(/^use it for DNS: http:\/\/\S+\/dns$/),
          "",
        ]);
      }
      const clear = await fetch(`http://127.0.0.1:${http}/`, { method: "POST", body: "x" });
      expect(await clear.text()).toContain("HTTP/1.1 POST /\n");
      expect(await (await fetch(`http://127.0.0.1:${http}/ca`)).text()).toContain(
        `${http === 80 ? "" : `:${http}`}/ca</code> there`,
      );
      const shown = await tenk(["status", "--url", ready.statusUrl]);
      expect(shown.stdout).toMatch(new RegExp(`^https +0\\.0\\.0\\.0:${https} +\\d`, "m"));
      child.kill("SIGINT");
      const { code, stderr } = await ended;
      expect(code).toBe(0);
      const root = new X509Certificate(readFileSync(join(folder, "data/tenk/certificates/local/root.crt")));
      const lineOf = (message: string) => stderr.split("\n").find((line) => line.includes(message));
      expect(lineOf("local CA created")).toContain(`sha256=${root.fingerprint256} fix="tenk trust"`);
      expect(lineOf("listening name=https")).toContain(`address=0.0.0.0:${https}`);
      expect(lineOf("listening name=http ")).toContain(`address=0.0.0.0:${http}`);
      const suffix = https === 443 ? "" : `:${https}`;
      expect(lineOf(" app serving ")).toEndWith(` urls=https://localhost${suffix}`);
      expect(stderr).toMatch(/ app stopped\n$/);
      expect(stderr).not.toMatch(/ERROR|PRIVATE|undefined/);
    });
  },
  TIMEOUT_MS,
);

/** Takes ports of all addresses, those that can be had. @returns those that are taken now, by whomever */
async function takePorts(ports: readonly number[]): Promise<Server[]> {
  const servers = ports.map((port) => createServer().listen(port, "0.0.0.0"));
  const taken = await Promise.all(
    servers.map(
      (server) =>
        new Promise<boolean>((resolve) =>
          server.once("listening", () => resolve(true)).once("error", () => resolve(false)),
        ),
    ),
  );
  return servers.filter((_, index) => taken[index]);
}

test(
  "with the usual ports in use it takes others, and says by whom and how to choose",
  async () => {
    await withFolder(async (folder) => {
      const servers = await takePorts([443, 8443, 80, 8080]);
      const { child, ended, portOf } = await started(folder);
      const [https, http] = [portOf("https"), portOf("http")];
      for (const [port, usual] of [
        [https, [443, 8443]],
        [http, [80, 8080]],
      ] as const)
        expect(usual).not.toContain(port);
      expect((await overHttp1(https)({ host: "localhost", path: "/" })).body).toContain("GET /\n");
      child.kill("SIGINT");
      const { code, stderr } = await ended;
      for (const server of servers) server.close();
      expect(code).toBe(0);
      for (const [name, instead] of [
        ["https", https],
        ["http", http],
      ] as const) {
        const line = stderr.split("\n").find((each) => each.includes("WARN") && each.includes(`name=${name} `));
        expect(line).toContain(`instead=${instead}`);
        expect(line).toContain(`proxy.${name}`);
      }
      expect(stderr).toMatch(new RegExp(` app serving urls=https://localhost:${https}\n`));
    });
  },
  TIMEOUT_MS,
);

test(
  "the last line of a start names ten services at most",
  async () => {
    await withFolder(async (folder) => {
      const services = Array.from(
        { length: 12 },
        (_, index) => `  s${index}: { respond: hi, hosts: [s${index}.home.arpa, "*.x${index}.lan"] }\n`,
      );
      const config = `domain: home.arpa\nproxy: { https: 127.0.0.1:0, http: "off" }\ntcp: { p: { listen: 127.0.0.1:0 } }\ndashboard: { listen: 127.0.0.1:0 }\nservices:\n${services.join("")}`;
      writeFileSync(join(folder, "tenk.yaml"), config);
      const { child, ended, portOf } = await started(folder);
      child.kill("SIGINT");
      const { stderr } = await ended;
      const urls = Array.from({ length: 10 }, (_, index) => `https://s${index}.home.arpa:${portOf("https")}`);
      expect(stderr).toContain(` INFO  app serving urls="${urls.join(" ")}" others=2\n`);
    });
  },
  TIMEOUT_MS,
);
