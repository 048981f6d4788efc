import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { failureOf } from "../../src/cli/failure.ts";
import { addDnsOptions, type DnsWords, dnsOptionsOf } from "../../src/cli/load-dns-options.ts";
import { EXPECTABLE_OF_DNS, parseExpectation, planDns, type Report } from "../../src/load/mod.ts";
import { answer, dnsServer } from "../load/dns/support.ts";
import { tenk } from "./tenk.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-load-dns-"));
const file = join(folder, "q.txt");
writeFileSync(file, "a.example A\nb.example AAAA\n");
const page = readFileSync(join(import.meta.dirname, "../../docs/load-dns.md"), "utf8");

function read(words: readonly string[], target: readonly string[] = ["127.0.0.1:53"], queries = ["-d", file]) {
  const command = new Command("dns")
    .argument("[target]")
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  addDnsOptions(command);
  command.parse([...words, ...queries, ...target], { from: "user" });
  return planDns(dnsOptionsOf(command.args[0], command.opts<DnsWords>(), 2));
}

function refusal(words: readonly string[], target?: readonly string[], queries?: string[]): string {
  try {
    read(words, target, queries);
  } catch (error) {
    expect(failureOf(error).exitCode).toBe(2);
    return failureOf(error).text;
  }
  throw new Error(`expected ${words.join(" ")} to be refused`);
}

describe("options", () => {
  test.each<[string[], object]>([
    [[], { mode: "udp", connections: 1, pipeline: 100, maxMessages: 2, timeoutMs: 5000, durationMs: Infinity }],
    [["-l", "30"], { durationMs: 30_000, maxMessages: Infinity }],
    [["-n", "5", "-l", "30"], { durationMs: 30_000, maxMessages: 10 }],
    [["-c", "20", "-q", "200", "-T", "4"], { connections: 20, pipeline: 10, workers: 4 }],
    [["-T", "auto", "-c", "8"], { workers: 2 }],
    [["-T", "8"], { workers: 1 }],
    [["-Q", "20k", "-l", "10s"], { totalRate: 20_000, pace: "total" }],
    [["-R", "20k", "-l", "10s"], { totalRate: 20_000 }],
    [["-Q", "100", "-n", "100"], { totalRate: 100, durationMs: 2000 }],
    [["-t", "2.5"], { timeoutMs: 2500, drainMs: 2700 }],
    [["-e"], { edns: { udpBytes: 1232, dnssecOk: false } }],
    [["-D", "--udp-size", "4096"], { edns: { udpBytes: 4096, dnssecOk: true } }],
    [["-E", "65001:0102"], { edns: { udpBytes: 1232, options: Uint8Array.of(0xfd, 0xe9, 0, 2, 1, 2) } }],
    [["-m", "tcp"], { mode: "tcp" }],
    [["-b", "64", "-a", "127.0.0.2"], { receiveBufferBytes: 65_536, sourceAddresses: ["127.0.0.2"] }],
    [["--expect-rcode", "noerror,ServFail"], { expectRcodes: [0, 2] }],
    [["--retry-tcp"], { retryTruncated: true }],
  ])("%j", (words, plan) => {
    expect(read(words)).toMatchObject(plan);
  });

  test.each<[string[], string[], string]>([
    [["-s", "127.0.0.1", "-p", "5354"], [], "127.0.0.1:5354"],
    [["-s", "::1"], [], "[::1]:53"],
    [[], ["dns.home.arpa"], "dns.home.arpa:53"],
    [["-m", "dot"], ["127.0.0.1"], "127.0.0.1:853"],
    [["-m", "doh", "--doh-path", "/q"], ["127.0.0.1"], "127.0.0.1:443"],
    [[], ["[::1]:5354"], "[::1]:5354"],
  ])("%j %j is %s", (words, target, is) => {
    expect(read(words, target).target).toBe(is);
  });

  test.each<[string[], string]>([
    [["-y", "hmac:a:b"], "-y is not carried over from dnsperf: queries are not signed"],
    [["-x", "5353"], "each client has a port of its own"],
    [["-S", "1"], "--no-live prints a line a second"],
    [["-p", "53"], "The target is given twice"],
    [["-d", `0=${file}`], "the share of q.txt is 0"],
    [["-d", file, "-n", "2"], "of several files with shares there are no whole runs"],
    [["-m", "doq"], "expected one of udp, tcp, dot, doh"],
    [["-m", "tcp", "--retry-tcp"], "only answers by UDP are truncated"],
    [["--expect-rcode", "NXDOMIAN"], "did you mean NXDOMAIN?"],
    [["-E", "x"], "expected CODE:HEX"],
    [["-q", "1m"], "1000000 outstanding queries of 1 clients"],
    [["--udp-size", "100"], "expected 512 to 65535"],
  ])("%j is refused with what is meant: %s", (words, why) => {
    expect(refusal(words)).toContain(why);
  });

  test("a target and queries are needed", () => {
    expect(refusal([], [])).toContain("There is no target: expected HOST[:PORT]");
    expect(refusal([], undefined, [])).toContain("there are no queries");
  });

  test("every name for --expect can be read, and stands in the page", () => {
    for (const name of EXPECTABLE_OF_DNS.filter((each) => !/p\d|max|^(?:cpu|rss|lag|rate|bytes)/.test(each)))
      expect(() => parseExpectation(`${name}=0`)).not.toThrow();
    for (const name of ["errors", "mismatched", "wrongrcode", "lateanswers", "servfail"])
      expect(page).toContain(`\`${name}\``);
  });
});

describe("tenk load dns", () => {
  test("prints a report, and passes as JSON where every answer is right", async () => {
    await using server = await dnsServer((asked) => [answer(asked)]);
    const words = ["load", "dns", `127.0.0.1:${server.port}`, "-d", file, "-n", "50", "--no-save"];
    const { code, stdout, stderr } = await tenk([...words, "--json", "-"]);
    const report = JSON.parse(stdout) as Report;
    expect(report).toMatchObject({ kind: "dns", messages: { answered: 100 }, protocol: { rcodes: { NOERROR: 100 } } });
    expect(server.asked.length).toBe(100);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^dns 127\.0\.0\.1:\d+ {2}UDP, 1 connection at once, "q\.txt", until 100 are answered$/m);
    expect(stderr).toMatch(/^queries {6,}100 answered, .*0 errors$/m);
    expect(stderr).toMatch(/^answers {6,}100 NOERROR$/m);
    expect(stderr).toMatch(/^checked {6,}0 to another question$/m);
  });

  test("fails where an expectation does not hold, by file", async () => {
    await using server = await dnsServer((asked) => [answer(asked, asked.type === 1 ? 0x8180 : 0x8182)]);
    const [a, aaaa] = ["A", "AAAA"].map((type) => join(folder, `${type}.txt`));
    writeFileSync(a!, "a.example A");
    writeFileSync(aaaa!, "a.example AAAA");
    const files = ["-d", `75%=${a}`, "-d", `25%=${aaaa}`];
    const words = ["load", "dns", `127.0.0.1:${server.port}`, ...files, "-Q", "200", "-l", "0.4", "--no-save"];
    const { code, stdout } = await tenk([...words, "--expect", "servfail<=20%", "--expect", "answered=80"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^A\.txt +60 .* 60 NOERROR$/m);
    expect(stdout).toMatch(/^AAAA\.txt +20 .* 20 SERVFAIL$/m);
    expect(stdout).toMatch(/^FAIL +servfail<=20% +got 25% \(20\)$/m);
    expect(stdout).toMatch(/^pass +answered=80 +got 80$/m);
  });
});
