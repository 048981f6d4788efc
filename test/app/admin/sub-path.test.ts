/** The real box behind Debian's nginx, below a path and under other names, looked at with Debian's Chromium. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { type Instance, type LoadedConfig, parseConfig, up } from "../../../src/app/mod.ts";
import { hasBrowser, launchBrowser, sees, TIMEOUT_MS } from "../../dash/browser.ts";
import { hasNginx, startNginx } from "./nginx-support.ts";
import { HASH, keptLog } from "./support.ts";

const WORD = "correct horse";

interface Behind {
  readonly instance: Instance;
  readonly port: number;
  readonly log: ReturnType<typeof keptLog>;
}

async function boxWith(dashboard: object): Promise<Behind & AsyncDisposable> {
  const log = keptLog();
  const instance = await up(loaded(dashboard), { log, logDefaults: false });
  return {
    instance,
    log,
    port: Number(new URL(instance.statusUrl).port),
    [Symbol.asyncDispose]: () => instance.stop(0),
  };
}

function loaded(dashboard: object): LoadedConfig {
  return parseConfig(
    JSON.stringify({
      tcp: { packets: { listen: "127.0.0.1:0" } },
      dashboard: { listen: "127.0.0.1:0", password: HASH, ...dashboard },
    }),
    "tenk.yaml",
  );
}

/** What most people write; `$http_host` has the port, `$host` has not. */
const LINES = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;";

describe.if(hasNginx() && hasBrowser())("behind nginx", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, TIMEOUT_MS);
  afterAll(() => browser?.close());

  /** Logs in at an address as a person does, and looks at the page that comes. */
  async function logIn(url: string) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const failed: string[] = [];
    page.on("response", (response) => {
      if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(url);
    await page.getByLabel("Password").waitFor();
    failed.length = 0;
    await page.getByLabel("Password").fill(WORD);
    await page.getByRole("button", { name: "Log in" }).click();
    return { context, page, failed };
  }

  test.each([
    ["a proxy that takes the path away", {}, "location /tenk/ { proxy_pass http://127.0.0.1:PORT/; LINES }"],
    ["a proxy that leaves it in", { basePath: "/tenk" }, "location /tenk/ { proxy_pass http://127.0.0.1:PORT; LINES }"],
    ["a slash too many", {}, "location /tenk { proxy_pass http://127.0.0.1:PORT/; LINES }"],
    [
      "two steps down, with names and no ports",
      { basePath: "/a/tenk/" },
      "location /a/tenk { proxy_pass http://127.0.0.1:PORT; proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; }",
    ],
  ])(
    "the whole page works below a path: %s",
    async (_, dashboard, server) => {
      await using behind = await boxWith(dashboard);
      await using nginx = await startNginx(server.replace("PORT", `${behind.port}`).replace("LINES", LINES));
      const path = /location (\S+[^/])\/? \{/.exec(server)![1]!;
      const root = `${nginx.url}${path}/`;
      // Without the last slash nginx, or the box, leads there; where neither knows of the path, nobody can.
      const isLed = !server.startsWith("location /tenk {");
      const { page, context, failed } = await logIn(`${nginx.url}${path}${isLed ? "" : "/"}`);
      await sees(page, ".live", /live/);
      await page.locator(".headline").waitFor();
      expect(page.url()).toBe(root);
      for (const view of ["now", "connections", "runs", "log"]) {
        await page.goto(`${root}#/${view}`);
        await page.locator("main h2, main table, main .toolbar").first().waitFor();
      }
      await page.goto(`${root}#/runs`);
      await sees(page, "main", new RegExp(`tenk load tcp HOST:PORT -c 10000 --stats-url ${root}`));
      const cookies = await context.cookies();
      expect(cookies.map(({ path, sameSite, httpOnly }) => [path, sameSite, httpOnly])).toEqual([
        [path, "Strict", true],
      ]);
      expect(failed).toEqual([]);
      await page.getByRole("button", { name: "Log out" }).click();
      await page.getByLabel("Password").waitFor();
      expect([new URL(page.url()).pathname, (await context.cookies()).length]).toEqual([`${path}/login`, 0]);
      await context.close();
    },
    TIMEOUT_MS,
  );

  test(
    "instances behind one proxy have separate sessions",
    async () => {
      await using one = await boxWith({});
      await using other = await boxWith({});
      const location = (path: string, port: number) =>
        `location ${path} { proxy_pass http://127.0.0.1:${port}/; ${LINES} }`;
      await using nginx = await startNginx(location("/one/", one.port) + location("/other/", other.port));
      const { page, context } = await logIn(`${nginx.url}/one/`);
      await sees(page, ".live", /live/);
      await page.goto(`${nginx.url}/other/`);
      await page.getByLabel("Password").waitFor();
      await context.close();
    },
    TIMEOUT_MS,
  );

  test(
    "a path that a proxy leaves in and nobody told of: the page says which line is missing",
    async () => {
      await using behind = await boxWith({});
      await using nginx = await startNginx(`location /tenk/ { proxy_pass http://127.0.0.1:${behind.port}; ${LINES} }`);
      const page = await browser.newPage();
      await page.goto(`${nginx.url}/tenk/`);
      const words = await sees(page, "main", /basePath/);
      expect(words).toContain("dashboard: { basePath: /tenk/ }");
      expect(words).toContain("proxy_pass http://127.0.0.1:9190/;");
      await page.close();
    },
    TIMEOUT_MS,
  );

  const NO_HOST = (port: number) =>
    `location / { proxy_pass http://127.0.0.1:${port}; proxy_set_header X-Forwarded-For $remote_addr; }`;

  test(
    "a proxy without its Host line: whoever logs in is told the line and the key, and so is the log, once",
    async () => {
      await using behind = await boxWith({});
      await using nginx = await startNginx(NO_HOST(behind.port));
      for (let tries = 0; tries < 3; tries++) {
        const { page, context } = await logIn(`${nginx.url.replace("127.0.0.1", "localhost")}/`);
        const words = await sees(page, "main", /does not pass on the name/);
        expect(words).toContain("proxy_set_header Host $http_host;");
        expect(words).toContain("dashboard: { names: [localhost] }");
        expect(words).toContain("dashboard: { proxies: [127.0.0.1], names: [localhost] }");
        await context.close();
      }
      const logged = behind.log.lines.filter(([, message]) => message === "request rejected");
      expect(logged).toEqual([
        ["warn", "request rejected", expect.objectContaining({ reason: "cross-origin", origin: "localhost" })],
      ]);
    },
    TIMEOUT_MS,
  );

  test(
    "and it works once the proxy is trusted",
    async () => {
      await using behind = await boxWith({ proxies: ["127.0.0.1"] });
      await using nginx = await startNginx(NO_HOST(behind.port));
      const { page, context } = await logIn(`${nginx.url.replace("127.0.0.1", "localhost")}/`);
      await sees(page, ".live", /live/);
      await page.getByRole("button", { name: "Log out" }).click();
      await page.getByLabel("Password").waitFor();
      await context.close();
    },
    TIMEOUT_MS,
  );

  test(
    "a name that is not ours: a page that names dashboard.names, and a reload mends it",
    async () => {
      await using behind = await boxWith({});
      await using nginx = await startNginx(
        `location / { proxy_pass http://127.0.0.1:${behind.port}; proxy_set_header Host tenk.home.arpa; proxy_set_header X-Forwarded-For $remote_addr; }`,
      );
      const page = await browser.newPage();
      await page.goto(nginx.url);
      expect(await sees(page, "main", /not served/)).toContain("dashboard: { names: [tenk.home.arpa] }");
      expect(behind.log.lines).toContainEqual([
        "warn",
        "request rejected",
        expect.objectContaining({ reason: "unknown-host", host: "tenk.home.arpa", fix: expect.any(String) }),
      ]);
      const port = { listen: `127.0.0.1:${behind.port}` };
      await behind.instance.reload(loaded({ ...port, names: ["tenk.home.arpa"] }));
      await page.goto(nginx.url);
      await page.getByLabel("Password").waitFor();
      await page.close();
    },
    TIMEOUT_MS,
  );
});
