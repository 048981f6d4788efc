import { describe, expect, test } from "bun:test";
import { hostname } from "node:os";
import { parseConfig } from "../../../src/app/mod.ts";
import { publishedOf } from "../../../src/dns/server/published.ts";
import { withBox } from "./support.ts";

const PORTS = { https: 8443, http: 8080 };
const NO_PORTS = { https: undefined, http: undefined };
/** The name of this machine, where it has one that can be a label. */
const OWN = `${hostname().toLowerCase().split(".")[0]}.local`;

function servicesOf(text: string) {
  return parseConfig(`domain: home.arpa\nservices: ${text}`, "tenk.yaml", "/").services;
}

describe("what multicast DNS publishes", () => {
  test.each([
    ["{ git: http://127.0.0.1:3000 }", [{ name: "git.local", address: undefined }]],
    ["{ cache: redis://127.0.0.1:6379 }", [{ name: "cache.local", address: undefined }]],
    ["{ cache: redis://10.0.0.7:6379 }", [{ name: "cache.local", address: "10.0.0.7" }]],
    ["{ git: { target: http://127.0.0.1:3000, hosts: [git.home.arpa] } }", []],
    ["{ git: { target: http://127.0.0.1:3000, hosts: ['*.local', a.b.local] } }", [{ name: "a.b.local" }]],
  ])("of %s are the names below local", (text, expected) => {
    const { hosts } = publishedOf(servicesOf(text), PORTS);
    expect(hosts.filter(({ name }) => name !== OWN)).toEqual(expected);
  });

  test("begins with this machine's own name", () => {
    expect(publishedOf(servicesOf("{ git: http://127.0.0.1:3000 }"), PORTS).hosts[0]!.name).toBe(OWN);
  });

  test("lists services with the ports at which they are served", () => {
    const services = servicesOf(
      "{ git: { target: http://127.0.0.1:3000, path: /git }, cache: redis://127.0.0.1:6379 }",
    );
    const service = { instance: "git", host: "git.local", text: ["path=/git"] };
    expect(publishedOf(services, PORTS).services).toEqual([
      { ...service, type: "_https._tcp", port: 8443 },
      { ...service, type: "_http._tcp", port: 8080 },
    ]);
    expect(publishedOf(services, { https: 443, http: undefined }).services).toHaveLength(1);
    expect(publishedOf(services, NO_PORTS).services).toEqual([]);
  });

  test("does not list a service whose name others cannot look up", () => {
    const services = servicesOf("{ git: { target: http://127.0.0.1:3000, hosts: [git.home.arpa] } }");
    expect(publishedOf(services, PORTS).services).toEqual([]);
  });
});

test("multicast DNS is switched, and changes with the services, by a reload", async () => {
  const text = (services: string, mdns: string) =>
    `services: ${services}\ndns: { listen: 127.0.0.1:0, tls: off, blocklists: [], mdns: ${mdns} }\n`;
  await withBox(text("{ git: http://127.0.0.1:3000 }", "[nosuch0]"), async ({ instance, reload, log }) => {
    const view = async () => {
      const { dns } = (await instance.status()).parts as { dns: { mdns: { names: { inUse: string }[] } | null } };
      return dns.mdns?.names.map(({ inUse }) => inUse).filter((name) => name !== OWN);
    };
    // The start does not wait for it.
    while ((await view()) === undefined);
    expect(await view()).toEqual(["git.local"]);
    expect(JSON.stringify(log.lines)).toContain("mdns waits for an interface with multicast");
    expect(await reload(text("{ wiki: http://127.0.0.1:3000 }", "[nosuch0]"))).toBe("reloaded");
    expect(await view()).toEqual(["wiki.local"]);
    expect(await reload(text("{ wiki: http://127.0.0.1:3000 }", "false"))).toBe("reloaded");
    expect(await view()).toBeUndefined();
    expect(() => reload(text("{}", "sometimes"))).toThrow("expected true, false, or a list of interfaces");
    expect(await reload(text("{ git: http://127.0.0.1:3000 }", "[nosuch0]"))).toBe("reloaded");
    expect(await view()).toEqual(["git.local"]);
  });
});
