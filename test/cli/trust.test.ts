import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certificateFolders, LocalCa } from "../../src/certificates/mod.ts";
import { givenRoot } from "../../src/cli/trust-source.ts";
import { listen } from "../../src/net/mod.ts";
import { keptLog, newFolder, request, testWith } from "../certificates/support.ts";
import { hasNamespaces } from "../metrics/namespaced.ts";
import { keepingIn, TENK } from "./tenk.ts";

const NAMESPACE = ["--mount"];

/** Runs a script in which `tenk` is the program, with a home and a data folder of its own. */
async function shell(folder: string, script: string, flags?: readonly string[]) {
  const words = ["sh", "-ec", `tenk() { ${TENK.join(" ")} "$@"; }; ${script}`];
  const [program = "", ...rest] = flags === undefined ? words : ["unshare", ...flags, ...words];
  const env = { ...keepingIn(folder), HOME: folder, SUDO_USER: "" };
  const child = spawn(program, rest, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

const caFolder = (folder: string) => certificateFolders(join(folder, "tenk")).ca;

describe("tenk trust", () => {
  test("--print prints the root that an instance then uses, which may sign for the configuration's domains, and no key", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "tenk.yaml"), "domain: nas.home\ncertificates: { local: [Fritz.Box] }\n");
    const { code, stdout } = await shell(folder, "tenk trust --print");
    const { root, domains } = await new LocalCa({ folder: caFolder(folder), log: keptLog().log }).certificates();
    expect([code, stdout.trim()]).toEqual([0, root.trim()]);
    expect(domains).toEqual(expect.arrayContaining(["nas.home", "fritz.box"]));
  }, 30_000);

  test.if(process.getuid?.() === 0)(
    "root makes a CA that belongs to whom the data folder does, before a service of that user has one",
    async () => {
      const folder = newFolder();
      mkdirSync(join(folder, "tenk"), { mode: 0o700 });
      for (const path of [folder, join(folder, "tenk")]) chownSync(path, 65_534, 65_534);
      expect(await shell(folder, "tenk trust --print")).toMatchObject({ code: 0, stderr: "" });
      const made = readdirSync(join(folder, "tenk"), { recursive: true }).map(String);
      expect(made).toContain("certificates/local/root-with-key.pem");
      expect(made.filter((path) => statSync(join(folder, "tenk", path)).uid !== 65_534)).toEqual([]);
    },
    30_000,
  );

  test("--uninstall makes no CA where there is none", async () => {
    const folder = newFolder();
    const { code, stderr } = await shell(folder, "tenk trust --uninstall");
    expect([code, existsSync(caFolder(folder))]).toEqual([2, false]);
    expect(stderr).toContain("There is no local CA in ");
  }, 30_000);

  test("--from refuses a root with another fingerprint, a URL without one, and what is no root", async () => {
    const folder = newFolder();
    const ca = new LocalCa({ folder: undefined, log: keptLog().log });
    const { root, fingerprint } = await ca.certificates();
    const place = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const [good, leaf] = [place("root.crt", root), place("leaf.crt", (await ca.issue(request("a.lan"))).cert)];
    const url = "http://127.0.0.1:1/ca/root.crt";
    for (const [from, sha256, problem] of [
      [good, "AB:CD", "another fingerprint"],
      [leaf, undefined, "not a CA's"],
      [place("no.crt", "nonsense"), undefined, "no usable root"],
      [join(folder, "missing.crt"), undefined, "there is no such file"],
      [url, undefined, "needs --fingerprint"],
      [url, "AB", "Cannot fetch"],
    ] as const) {
      const refusal = await givenRoot(from, sha256).catch((error: Error) => error.message);
      expect(refusal).toContain(problem);
    }
    expect((await givenRoot(good, fingerprint.toLowerCase().replaceAll(":", ""))).root).toBe(root);
  });

  test("--from takes a root from a box, when its fingerprint is the expected one, and reads no more than a root has", async () => {
    const { root, fingerprint } = await new LocalCa({ folder: undefined, log: keptLog().log }).certificates();
    using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: ({ url }) => new Response(url.endsWith("/long") ? "x".repeat(1_000_000) : root),
    });
    expect((await givenRoot(`${server.url}ca/root.crt`, fingerprint)).root).toBe(root);
    expect(givenRoot(`${server.url}long`, fingerprint)).rejects.toThrow("too long");
  });

  test("reports a data folder that cannot be written", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "tenk"), "");
    const { code, stderr } = await shell(folder, "tenk trust --print");
    expect([code, stderr]).toEqual([2, expect.stringContaining("cannot be written") as unknown as string]);
  }, 30_000);

  if (!hasNamespaces(NAMESPACE) || !existsSync("/usr/local/share/ca-certificates")) return;

  testWith(
    "curl",
    "has curl accept the local CA's certificates, by Debian's own program, until it is removed",
    async () => {
      const folder = newFolder();
      mkdirSync(join(folder, ".pki"));
      const ca = new LocalCa({ folder: caFolder(folder), log: keptLog().log });
      await using server = await listen(
        { host: "127.0.0.1", port: 0, tls: await ca.issue(request("git.home.arpa")) },
        {
          chunk(connection) {
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            connection.end();
          },
        },
      );
      const visit = `curl -sS --connect-to ::127.0.0.1:${server.port} https://git.home.arpa/`;
      const { code, stdout, stderr } = await shell(
        folder,
        `cp /etc/ssl/certs/ca-certificates.crt bundle; mount -t tmpfs none /etc/ssl/certs; cp bundle /etc/ssl/certs/ca-certificates.crt
       grep -m 3 ^mozilla /etc/ca-certificates.conf > few; mount --bind few /etc/ca-certificates.conf # all 140 take seconds
       mount -t tmpfs none /usr/local/share/ca-certificates
       ${visit} && exit 9
       tenk trust > installed; ${visit} > answer
       tenk trust --uninstall > removed; ${visit} && exit 9; true`,
        NAMESPACE,
      );
      expect({ code, stdout, certificateProblems: stderr.match(/SSL certificate problem/g)?.length }).toEqual({
        code: 0,
        stdout: "",
        certificateProblems: 2,
      });
      const read = (name: string) => readFileSync(join(folder, name), "utf8");
      expect(read("answer")).toBe("ok");
      expect(read("installed")).toMatch(/^system store +installed +\/usr\/local\/share\/ca-certificates\/tenk-/m);
      expect(read("removed")).toMatch(/^system store +removed/m);
    },
    60_000,
  );

  test("without a terminal and without the right to write asks nothing, and prints what to do", async () => {
    const folder = newFolder();
    const script = "mount -t tmpfs -o ro none /usr/local/share/ca-certificates; tenk trust";
    const { code, stdout } = await shell(folder, script, NAMESPACE);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^system store +not done/m);
    expect(stdout).toMatch(/tenk trust --print \| sudo tee \/usr\/local\/share\/ca-certificates\/tenk-\w+\.crt/);
    const asJson = JSON.parse(
      (await shell(folder, script.replace("tenk trust", "tenk trust --json"), NAMESPACE)).stdout,
    );
    expect(asJson.stores[0]).toMatchObject({ store: "system store", state: "to-do" });
  }, 30_000);
});
