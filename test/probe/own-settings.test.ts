import { expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { effectiveSettings, parseConfig } from "../../src/app/mod.ts";
import type { ProbeView } from "../../src/probe/mod.ts";
import { withInstance } from "../app/reload-support.ts";
import { until } from "../net/support.ts";

test("a service's own path, interval and password hold for it alone; the password is in no output", async () => {
  const asked: string[] = [];
  const web = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ""}`);
    response.writeHead(request.headers.authorization === undefined ? 200 : 401).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => web.once("listening", resolve));
  const { port } = web.address() as AddressInfo;
  process.env.TENK_TEST_PASSWORD = "hidden-one";
  const own = `{ target: "http://127.0.0.1:${port}", probe: { path: /own, interval: 1s, user: me, passwordEnv: TENK_TEST_PASSWORD } }`;
  const inTarget = `{ target: "http://me:hidden-two@127.0.0.1:${port}/two", kind: gitea, proxy: false }`;
  const text = `proxy: off\nservices: { own: ${own}, two: ${inTarget}, all: "http://127.0.0.1:${port}" }\nprobe: { interval: 1h }\n`;
  const printed = JSON.stringify(effectiveSettings(parseConfig(text, "tenk.yaml")));
  await withInstance({}, text, async (instance, reload, _, said) => {
    const view = async () => ((await instance.status()).parts.probe as ProbeView).services;
    const basic = (password: string) => `Basic ${Buffer.from(`me:${password}`).toString("base64")}`;
    await until(() => asked.filter((each) => each === `/own ${basic("hidden-one")}`).length > 1);
    await until(() => asked.includes("/ ") && asked.includes(`/two ${basic("hidden-two")}`));
    while ((await view()).some(({ state }) => state === "pending"))
      await new Promise((resolve) => setTimeout(resolve, 20));
    process.env.TENK_TEST_PASSWORD = "hidden-three";
    expect(await reload(text)).toBe("reloaded");
    await until(() => asked.includes(`/own ${basic("hidden-three")}`));
    while (!(await view())[0]!.reason?.includes("does not accept the probe's login"))
      await new Promise((resolve) => setTimeout(resolve, 20));
    // An application is a page to open, whoever serves it.
    expect((await view())[1]).toMatchObject({ kind: "gitea", url: `http://127.0.0.1:${port}/two` });
    const shown = JSON.stringify([await instance.status(), said(), await instance.families()]) + printed;
    expect(shown).not.toContain("hidden");
    expect(asked.filter((each) => each === "/ ")).toHaveLength(1);
  });
  delete process.env.TENK_TEST_PASSWORD;
  web.close();
  web.closeAllConnections();
});
