/** Parts that a reload adds or removes. */
import { expect, test } from "bun:test";
import { parseConfig, up } from "../../src/app/mod.ts";
import { Client, freePort } from "../net/support.ts";
import { keptLog } from "./admin/support.ts";
import { greetings } from "./reload-support.ts";

test("a file with services alone listens for no TCP until a reload adds a listener, nor after one removes it", async () => {
  const port = await freePort();
  const text = (tcp: string) =>
    parseConfig(
      `services: { hi: { respond: hi, hosts: [hi.localhost] } }
proxy: { https: "127.0.0.1:0", http: off, workers: 1 }
dashboard: { listen: "127.0.0.1:0" }\n${tcp}`,
      "tenk.yaml",
    );
  const log = keptLog();
  const instance = await up(text(""), { log });
  const listening = () => instance.listeners.map(({ part, name }) => `${part} ${name}`);
  try {
    expect(listening()).toEqual(["proxy https"]);
    const defaults = log.lines.find(([, message]) => message === "defaults");
    expect(Object.keys(defaults?.[2] ?? {}).filter((key) => key.startsWith("tcp."))).toEqual([]);
    const { parts } = await instance.status();
    expect([parts.proxy, parts.tcp]).toEqual([expect.anything(), undefined]);
    await instance.reload(text(`tcp: { a: { listen: "127.0.0.1:${port}", handler: echo } }`));
    expect(listening()).toEqual(["proxy https", "tcp a"]);
    (await new Client(port).connected()).socket.destroy();
    await instance.reload(text(""));
    expect(listening()).toEqual(["proxy https"]);
    expect(await greetings(port)).toEqual(["ECONNREFUSED"]);
  } finally {
    await instance.stop(0);
  }
});

test("a domain that every local CA may sign for is applied by a reload, and no restart is asked for", async () => {
  const text = (domain: string) =>
    parseConfig(`${domain}\ndashboard: { listen: "127.0.0.1:0" }\ntcp: { a: { listen: "127.0.0.1:0" } }`, "tenk.yaml");
  const log = keptLog();
  const instance = await up(text(""), { log });
  const warnings = () => log.lines.filter(([level]) => level === "warn").map(([, message]) => message);
  try {
    await instance.reload(text("domain: home.arpa"));
    await instance.reload(text("domain: example.org"));
    expect(warnings()).toEqual([]);
    await instance.reload(text("domain: nas.home"));
    expect(warnings()).toEqual(["certificate settings changed: restart to apply them"]);
  } finally {
    await instance.stop(0);
  }
});
