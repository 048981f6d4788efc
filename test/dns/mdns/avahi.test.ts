/** tenk's mDNS and Debian's avahi on two networks, each as another machine would see it. */
import { afterEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Published } from "../../../src/dns/mdns/mod.ts";
import { linesOf, messageOf } from "./network.ts";
import { type Avahi, canHaveTwoMachines, TwoMachines } from "./two-machines.ts";

const BOX: Published = { hosts: [{ name: "box.local" }], services: [] };
const GIT: Published = {
  hosts: [{ name: "box.local" }, { name: "git.local" }],
  services: [
    { instance: "git", type: "_http._tcp", host: "git.local", port: 80, text: ["path=/"] },
    { instance: "git", type: "_https._tcp", host: "git.local", port: 8443, text: [] },
  ],
};
const TIMEOUT_MS = 180_000;

let machines: TwoMachines | undefined;
afterEach(() => {
  machines?.close();
  machines = undefined;
});

/** A line of avahi-browse: the service on one interface, with that interface's address by either protocol. */
function resolved(index: number, protocol: string, port: number): RegExp {
  const address = `(10\\.78\\.${index}\\.1|fd00:78:${index + 1}::1)`;
  return new RegExp(`^=;far${index};${protocol};git;.*;local;git\\.local;${address};${port};`);
}

async function resolvesAndLeaves(): Promise<void> {
  machines = new TwoMachines();
  const avahi = await machines.avahi("peer");
  const browser = avahi.browse("_https._tcp");
  const mdns = await machines.mdns(GIT);
  // Each network has the address of the interface that is on it.
  for (const index of [0, 1]) {
    for (const protocol of ["IPv4", "IPv6"]) await browser.line(resolved(index, protocol, 8443));
  }
  expect(await avahi.run("avahi-resolve", "-4", "-n", "box.local", "git.local")).toMatch(
    /^box.local\t10\.78\.[01]\.1\ngit.local\t10\.78\.[01]\.1$/,
  );
  expect(await avahi.run("avahi-resolve", "-6", "-n", "box.local")).toMatch(/^box.local\tfd00:78:[12]::1$/);
  expect(await avahi.run("avahi-resolve", "-a", "10.78.0.1", "10.78.1.1")).toBe(
    "10.78.0.1\tbox.local\n10.78.1.1\tbox.local",
  );
  const listed = (await avahi.run("avahi-browse", "-rpt", "_http._tcp")).split("\n");
  expect(listed.find((line) => resolved(1, "IPv4", 80).test(line))).toEndWith(';"path=/"');

  mdns.child.stdin!.write("?10.78.0.2\n");
  await mdns.output.line(/"named"/);
  for (let known = ""; !known.includes("peer.local"); ) {
    const { length } = mdns.output.lines;
    mdns.child.stdin!.write("?10.78.0.2\n");
    known = await mdns.output.line(/"named"/, length);
  }

  // Programs that speak only DNS.
  const query = messageOf(["question git.local A"], 0, 77);
  for (const [group, from] of [
    ["224.0.0.251", "10.78.0.1"],
    ["ff02::fb", "fe80::"],
  ] as const) {
    const [address, port, answer] = await machines.askByDns(group, query);
    expect([address.startsWith(from), port]).toEqual([true, 5353]);
    expect(linesOf(answer).slice(0, 2)).toEqual(["question git.local A", "answer git.local A 10 10.78.0.1"]);
  }

  // An interface goes, and one with the same name and address comes.
  const { length } = browser.lines;
  machines.removeWire(1);
  await mdns.output.line(/"mdns interface left","interface":"near1"/);
  machines.addWire(1);
  for (const protocol of ["IPv4", "IPv6"]) await browser.line(resolved(1, protocol, 8443), length);

  // The line of the service is removed, live.
  const before = browser.lines.length;
  mdns.child.stdin!.write(`${JSON.stringify(BOX)}\n`);
  for (const place of ["far0;IPv4", "far0;IPv6", "far1;IPv4", "far1;IPv6"])
    await browser.line(new RegExp(`^-;${place};git;`), before);
  expect(await avahi.run("avahi-resolve", "-4", "-n", "box.local")).toContain("10.78");
  mdns.child.stdin!.end();
  await mdns.output.line(/"stopped"/);
}

async function namesTaken(): Promise<void> {
  machines = new TwoMachines(false);
  const avahi = await machines.avahi("box");
  const mdns = await machines.mdns(BOX);
  expect(await mdns.output.line(/mdns name is taken/)).toContain(
    '"name":"box.local","using":"box-2.local","by":"10.78.',
  );
  await avahiResolves(avahi, "box-2.local", /10\.78\.[01]\.1/);
  expect(await avahi.run("avahi-resolve", "-4", "-n", "box.local")).not.toMatch(/10\.78\.[01]\.1/);
}

async function namesKept(): Promise<void> {
  machines = new TwoMachines();
  const first = await machines.avahi("peer");
  await machines.mdns(BOX);
  await avahiResolves(first, "box.local", /10\.78\.[01]\.1/);
  // Another one that wants the name, and one on tenk's own machine, with which the port is shared.
  const beside = await machines.avahi("box", machines.near);
  await beside.output.line(/New relevant interface near1.IPv6/);
  expect(await beside.run("avahi-resolve", "-4", "-n", "peer.local")).toMatch(/10\.78\.[01]\.2/);
  expect(await first.run("avahi-resolve", "-4", "-n", "box.local")).toMatch(/10\.78\.[01]\.1/);
  expect(beside.output.lines.join("\n")).not.toContain("conflict");
}

async function declaredServices(): Promise<void> {
  const config = (services: string) =>
    `data: { folder: data }\nservices: ${services}\nproxy: { https: 8443, http: 8080 }\ndns: { listen: "127.0.0.1:0", tls: off, blocklists: [] }\n`;
  machines = new TwoMachines(false);
  const avahi = await machines.avahi("peer");
  const browsers = [avahi.browse("_https._tcp"), avahi.browse("_http._tcp")];
  const tenk = await machines.tenk(config("{ git: http://127.0.0.1:3000 }"));
  for (const [index, port] of [8443, 8080].entries())
    expect(await browsers[index]!.line(resolved(0, "IPv4", port))).toEndWith(';"path=/"');
  writeFileSync(tenk.config, config("{ wiki: http://127.0.0.1:3000 }"));
  process.kill(tenk.child.pid!, "SIGHUP");
  for (const browser of browsers) {
    await browser.line(/^-;far0;IPv4;git;/);
    await browser.line(/^=;far0;IPv4;wiki;/);
  }
  await avahiResolves(avahi, "wiki.local", /10\.78\.[01]\.1/);
  // The end of the program is the end of its names.
  tenk.child.kill("SIGTERM");
  for (const browser of browsers) await browser.line(/^-;far0;IPv4;wiki;/);
}

async function portInUse(): Promise<void> {
  machines = new TwoMachines();
  const greedy = await machines.greedy();
  const { output, child } = await machines.mdns(BOX);
  expect(output.lines.join()).toContain("mdns waits for an interface");
  // It looks for interfaces again.
  child.stdin!.write(`${JSON.stringify(GIT)}\n`);
  await output.line(/"published"/);
  greedy.child.kill("SIGKILL");
  for (const name of ["near0", "near1"]) await output.line(new RegExp(`joined","interface":"${name}"`));
  // By IPv4 and IPv6 on two interfaces, however often it was tried.
  const problems = output.lines.filter((line) => line.includes("mdns interface not joined"));
  expect(problems).toHaveLength(4);
  expect(problems[0]).toContain("Cannot listen on 224.0.0.251:5353: it is in use");
}

async function avahiResolves(avahi: Avahi, name: string, pattern: RegExp) {
  for (let tries = 0; tries < 10; tries++) if (pattern.test(await avahi.run("avahi-resolve", "-4", "-n", name))) return;
  throw new Error(`avahi does not resolve ${name}:\n${avahi.output.lines.join("\n")}`);
}

if (canHaveTwoMachines()) {
  test(
    "names and services on two networks, an interface that goes and comes, and their end",
    resolvesAndLeaves,
    TIMEOUT_MS,
  );
  test("a name that avahi has is left to it", namesTaken, TIMEOUT_MS);
  test("a name that avahi wants is kept, beside an avahi with the same port and name", namesKept, TIMEOUT_MS);
  test("a port that another program does not share is waited for", portInUse, TIMEOUT_MS);
  test("a declared service has its names and ports, and loses them with its line, live", declaredServices, TIMEOUT_MS);
} else {
  test.skipIf(process.env.CI !== "true")("mDNS cannot be tested: needs root, ip and avahi", () => {
    throw new Error("root, ip (iproute2), avahi-daemon, avahi-utils or dbus is missing");
  });
}
