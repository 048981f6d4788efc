/** Discovery of designated resolvers (RFC 9462): what is told is what runs. */
import { describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { machineNames } from "../../../src/listener/mod.ts";
import { testWith } from "../../certificates/support.ts";
import { Client } from "../../net/udp/client.ts";
import { queryBytes } from "../queries.ts";
import { told } from "../resolver/house.ts";
import { NAME, openSite, runBeside, type Site, siteText } from "./site-support.ts";

const OWN = machineNames("home.arpa", undefined, hostname()).find((name) => name.endsWith(".home.arpa"));
const HINT = `ipv4hint="127.0.0.1"`;
const PATH = `dohpath="/dns-query{?dns}"`;

async function asked(site: Site, name = "_dns.resolver.arpa", type = "SVCB"): Promise<string> {
  const client = await Client.open(site.port("udp"));
  await client.send(queryBytes(name, type));
  const { text } = told((await client.next()).bytes);
  await client[Symbol.asyncDispose]();
  return text;
}

async function becomes(site: Site, text: string, expected: string): Promise<void> {
  expect(await site.reload(text)).toBe("reloaded");
  for (let now = ""; now !== expected; now = await asked(site)) await Bun.sleep(5);
}

describe("_dns.resolver.arpa", () => {
  test("tells DNS over TLS and over HTTPS where they run, also after a reload, and is NODATA without both", async () => {
    await using site = await openSite();
    const dot = () => `SVCB 1 ${OWN}. alpn="dot" port="${site.port("tls")}" ${HINT}`;
    const doh = (priority: number, name = NAME) =>
      `SVCB ${priority} ${name}. alpn="h2,http/1.1" port="${site.port("https")}" ${HINT} ${PATH}`;
    for (let now = ""; now !== `NOERROR ${dot()} ${doh(2)}`; now = await asked(site)) await Bun.sleep(5);
    for (const [name, type] of [
      ["_dns.resolver.arpa", "A"],
      ["_dns.resolver.arpa", "HTTPS"],
      ["resolver.arpa", "SVCB"],
      ["x.resolver.arpa", "SVCB"],
      ["x._dns.resolver.arpa", "SVCB"],
    ] as const)
      expect(await asked(site, name, type)).toBe("NOERROR");
    await becomes(site, siteText({ dns: "tls: 127.0.0.1:0, https: off" }), `NOERROR ${dot()}`);
    await becomes(site, siteText({ dns: "tls: off" }), `NOERROR ${doh(1)}`);
    const service = (host: string) => `services: { web: { respond: "web", hosts: ["${host}"] } }\n`;
    await becomes(site, siteText({ dns: "tls: off", rest: service(NAME) }), "NOERROR");
    const names = `names: [${NAME}, second.home.arpa]`;
    const two = siteText({ dns: "tls: off", rest: service(NAME) }).replace(/names: \[.*?\]/, names);
    await becomes(site, two, `NOERROR ${doh(1, "second.home.arpa")}`);
    await becomes(site, siteText({ dns: "tls: off", rest: service("*") }), "NOERROR");
    await becomes(site, siteText({ dns: "tls: off" }).replace(/^proxy: .*$/m, "proxy: off"), "NOERROR");
  });

  testWith("dig", "is what dig reads", async () => {
    await using site = await openSite();
    while (!(await asked(site)).includes(PATH)) await Bun.sleep(5);
    const said = await runBeside("dig", [
      "@127.0.0.1",
      "-p",
      `${site.port("udp")}`,
      "+short",
      "_dns.resolver.arpa",
      "TYPE64",
    ]);
    const lines = said.trim().split("\n").sort();
    expect(lines).toEqual([
      `1 ${OWN}. alpn="dot" port=${site.port("tls")} ipv4hint=127.0.0.1`,
      `2 ${NAME}. alpn="h2,http/1.1" port=${site.port("https")} ipv4hint=127.0.0.1 key7="/dns-query{?dns}"`,
    ]);
  });
});
