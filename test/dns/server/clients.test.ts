/** Programs that people ask DNS with, against an instance: each by UDP and TCP. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasPrograms } from "../../app/admin/nginx-support.ts";
import { FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { withBox } from "./support.ts";

const TEXT = Array.from({ length: 12 }, (_, at) => `${at}${"x".repeat(200)}`);

/** What each prints of an address, a name that does not exist, a blocked one, and one whose answer needs TCP. */
const PROGRAMS: readonly [program: string, words: (port: number, name: string, type: string) => string[]][] = [
  ["/usr/bin/dig", (port, name, type) => ["@127.0.0.1", "-p", `${port}`, name, type]],
  ["/usr/bin/kdig", (port, name, type) => ["@127.0.0.1", "-p", `${port}`, name, type]],
  ["/usr/bin/drill", (port, name, type) => ["-p", `${port}`, "-a", name, type, "@127.0.0.1"]],
];

const GO = `package main

import ("context"; "fmt"; "net"; "os"; "sort")

func main() {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+os.Args[1])
	}
	resolver := &net.Resolver{PreferGo: true, Dial: dial}
	ctx := context.Background()
	addresses, err := resolver.LookupHost(ctx, "www.example.")
	fmt.Println(addresses, err)
	_, err = resolver.LookupHost(ctx, "missing.example.")
	fmt.Println(err.(*net.DNSError).IsNotFound)
	addresses, _ = resolver.LookupHost(ctx, "ads.example.")
	sort.Strings(addresses)
	fmt.Println(addresses)
	texts, err := resolver.LookupTXT(ctx, "long.example.")
	fmt.Println(len(texts), err)
	names, _ := resolver.LookupAddr(ctx, "192.168.1.5")
	fmt.Println(names)
}
`;
const PYTHON = `
import sys, dns.resolver, dns.reversename
r = dns.resolver.Resolver(configure=False)
r.nameservers, r.port = ["127.0.0.1"], int(sys.argv[1])
print([x.to_text() for x in r.resolve("www.example", "A")])
try: r.resolve("missing.example", "A")
except dns.resolver.NXDOMAIN: print("NXDOMAIN")
print([x.to_text() for x in r.resolve("ads.example", "AAAA")])
print(len(list(r.resolve("long.example", "TXT"))))
print([x.to_text() for x in r.resolve(dns.reversename.from_address("192.168.1.5"), "PTR")])
`;

const hasGo = spawnSync("go", ["version"]).status === 0;
if (!hasGo) {
  test.skipIf(process.env.CI !== "true")("Go's own resolver: needs Go", () => {
    throw new Error("This check needs Go, and must not be left out in CI");
  });
}

describe("a program that asks an instance", () => {
  let port = 0;
  let stop = () => {};
  let stopped: Promise<void>;

  beforeAll(async () => {
    const upstream = await FakeServer.open(({ bytes, reply, transport }) => {
      const { text, type } = questionOf(bytes);
      const isKnown = /^(www|long)\.example$/i.test(text);
      if (!isKnown)
        return reply(replyTo(bytes, { rcode: 3, authority: ["example 300 SOA ns.example h.example 1 2 3 4 60"] }));
      if (/^long/i.test(text) && transport === "udp") return reply(replyTo(bytes, { flags: 0x0200 }));
      if (/^long/i.test(text)) return reply(replyTo(bytes, { answer: TEXT.map((each) => `${text} 300 TXT ${each}`) }));
      return reply(replyTo(bytes, { answer: type === 1 ? [`${text} 300 A 198.51.100.7`] : [] }));
    });
    const config = `dns: { listen: 127.0.0.1:0, tls: off, blocklists: [], upstreams: ["${upstream.address}"], rules: ["||ads.example^"], hosts: { nas: 192.168.1.5 } }\n`;
    await new Promise<void>((resolve, reject) => {
      stopped = withBox(config, async (box) => {
        port = box.port;
        resolve();
        await new Promise<void>((over) => {
          stop = over;
        });
      });
      stopped.catch(reject);
    });
    const done = stopped;
    stopped = done.then(() => upstream[Symbol.asyncDispose]());
  });
  afterAll(async () => {
    stop();
    await stopped;
  });

  /** Not `spawnSync`: the upstream answers in this process. */
  function run(program: string, words: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
      let text = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (bytes: Buffer) => {
          text += bytes;
        });
      }
      child.on("close", () => resolve(text));
    });
  }

  for (const [program, words] of PROGRAMS) {
    test.if(hasPrograms(`asked by ${program}`, [program]))(`${program} gets every kind of answer`, async () => {
      const asked = async (name: string, type: string) => {
        const text = await run(program, words(port, name, type));
        const status = /(?:status|rcode): (\w+)/.exec(text)?.[1];
        const lines = text.split("\n").filter((line) => /^[^;]\S*\s+\d+\s+IN\s/.test(line) && !/\sSOA\s/.test(line));
        return [status, ...lines.map((line) => line.split(/\s+/).slice(3).join(" "))];
      };
      expect(await asked("www.example", "A")).toEqual(["NOERROR", "A 198.51.100.7"]);
      expect(await asked("missing.example", "A")).toEqual(["NXDOMAIN"]);
      expect(await asked("ads.example", "A")).toEqual(["NOERROR", "A 0.0.0.0"]);
      expect(await asked("nas.home.arpa", "A")).toEqual(["NOERROR", "A 192.168.1.5"]);
      expect((await asked("long.example", "TXT")).length).toBe(1 + TEXT.length);
    });
  }

  test.if(hasGo)("Go's own resolver", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-go-"));
    writeFileSync(join(folder, "main.go"), GO);
    const built = spawnSync("go", ["build", "-o", join(folder, "main"), join(folder, "main.go")], {
      encoding: "utf8",
    });
    expect(built.stderr).toBe("");
    const lines = (await run(join(folder, "main"), [`${port}`])).trim().split("\n");
    rmSync(folder, { recursive: true });
    expect(lines).toEqual(["[198.51.100.7] <nil>", "true", "[0.0.0.0 ::]", `${TEXT.length} <nil>`, "[nas.home.arpa.]"]);
  });

  test.if(hasPrograms("Python's resolver", ["/usr/bin/python3", "/usr/lib/python3/dist-packages/dns/__init__.py"]))(
    "dnspython's resolver",
    async () => {
      const lines = (await run("/usr/bin/python3", ["-c", PYTHON, `${port}`])).trim().split("\n");
      expect(lines).toEqual(["['198.51.100.7']", "NXDOMAIN", "['::']", `${TEXT.length}`, "['nas.home.arpa.']"]);
    },
  );
});
