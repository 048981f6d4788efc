/**
 * A part is one folder in `src/` and one line in `app/parts.ts`: added to a copy of the source, it has a section of the
 * configuration, `tenk check`, defaults in the log, reload, status, metrics, a route and a panel on the page.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TcpView } from "../../src/tcp/mod.ts";
import { startTenk, type Tenk, tenk } from "../cli/tenk.ts";
import { hasBrowser, launchBrowser, TIMEOUT_MS } from "../dash/browser.ts";
import { Client, until } from "../net/support.ts";

const ROOT = join(import.meta.dirname, "../..");
const LINE = 'export { toy } from "../toy/mod.ts";\n';

let folder = "";
let main = "";
let running: Tenk;
let statusUrl = "";
let ports: Record<string, number> = {};

const file = () => join(folder, "tenk.yaml");
const config = (toy: string) =>
  `tcp: { echo: { listen: "127.0.0.1:0", handler: echo } }\n${toy}\ndashboard: { listen: "127.0.0.1:0" }\n`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tenk-toy-"));
  for (const name of ["src", "package.json", "tsconfig.json"])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "src/toy"));
  for (const name of ["mod.ts", "part.ts"]) {
    const text = readFileSync(join(import.meta.dirname, "toy", name), "utf8");
    writeFileSync(join(folder, "src/toy", name), text.replaceAll("../../../src/", "../"));
  }
  appendFileSync(join(folder, "src/app/parts.ts"), LINE);
  main = join(folder, "src/main.ts");
  writeFileSync(file(), config('toy: { listen: "127.0.0.1:0" }'));
  running = startTenk(["up", "--json", "--config", file()], { main });
  const [line] = await running.sees("stdout", /^\{.*\n/);
  const ready = JSON.parse(line) as { statusUrl: string; listeners: { name: string; port: number }[] };
  statusUrl = ready.statusUrl;
  ports = Object.fromEntries(ready.listeners.map(({ name, port }) => [name, port]));
}, 60_000);
afterAll(async () => {
  running.child.kill("SIGTERM");
  await running.ended;
  rmSync(folder, { recursive: true, force: true });
});

const greeted = async () => {
  const client = await new Client(ports.door!).connected();
  await until(() => client.received.endsWith("\n"));
  client.socket.destroy();
  return client.received.trim();
};
interface Answer {
  readonly parts: { readonly toy: unknown; readonly tcp: TcpView };
  readonly series: readonly { readonly key: string }[];
}

const json = async (path: string) => (await (await fetch(new URL(path, statusUrl))).json()) as Answer;

let reloads = 0;

async function reload(toy: string): Promise<void> {
  writeFileSync(file(), config(toy));
  reloads += 1;
  const seen = running.sees("stderr", new RegExp(`(?: reloaded file=[^]*){${reloads}}`));
  running.child.kill("SIGHUP");
  await seen;
}

describe("a part that is added", () => {
  test("is one folder and one line", () => {
    const changed = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map((each) => join(each.parentPath, each.name).slice(ROOT.length))
      .filter((path) => readFileSync(join(ROOT, path), "utf8") !== readFileSync(join(folder, path), "utf8"));
    expect(changed).toEqual(["/src/app/parts.ts"]);
    const [before, after] = [ROOT, folder].map((root) => readFileSync(join(root, changed[0]!), "utf8"));
    expect(after).toBe(before + LINE);
  });

  test("has its settings checked, with their defaults and units", async () => {
    const checked = await tenk(["check", "--config", file()], { main });
    expect(checked.stdout).toMatch(/^ {2}toy\.listen +127\.0\.0\.1:0$/m);
    expect(checked.stdout).toMatch(/^ {2}toy\.greeting +hello +default$/m);
    expect(checked.stdout).toMatch(/^ {2}toy\.patience +90s +default$/m);
    const wrong = async (toy: string) => {
      const other = join(folder, "wrong.yaml");
      writeFileSync(other, config(toy));
      const { code, stderr } = await tenk(["check", "--config", other], { main });
      return `${code} ${stderr.replaceAll(other, "wrong.yaml")}`;
    };
    expect(await wrong("toy: { listen: 1, greting: x }")).toContain(
      "2 tenk: wrong.yaml:2: toy.greting: unknown key, did you mean greeting?",
    );
    expect(await wrong("toy: { listen: 7, patience: soon }")).toContain("expected a duration such as 30s or 10ms");
    expect(await wrong("toy: { listen: 7, greeting: goodbye }")).toContain("Cannot greet with goodbye");
    const taken = 'toy: { listen: "127.0.0.1:9190" }\nlog: { level: info }';
    expect(await wrong(taken)).not.toContain("address of its own");
    writeFileSync(join(folder, "clash.yaml"), "toy:\n  listen: 9190\n");
    const clash = await tenk(["check", "--config", join(folder, "clash.yaml")], { main });
    expect(clash.code).toBe(2);
    expect(clash.stderr).toContain(
      "toy.listen: expected an address of its own, 127.0.0.1:9190 is that of dashboard.listen, by default",
    );
  });

  test("serves, logs under its name, and is seen in status, metrics, its route and tenk status", async () => {
    expect(await greeted()).toBe("hello");
    await running.sees("stderr", /INFO {2}app defaults .*toy\.greeting=hello /);
    await running.sees("stderr", /INFO {2}toy listening name=door address=127\.0\.0\.1:\d+ greeting=hello$/m);
    expect((await json("api/status")).parts.toy).toEqual({ greeting: "hello", greeted: 1 });
    expect(await (await fetch(new URL("metrics", statusUrl))).text()).toContain("\ntenk_toy_greetings_total 1\n");
    expect(await json("api/toy/greeting")).toEqual({ greeting: "hello" } as never);
    expect((await json("api/names")).series.map(({ key }) => key)).toContain("tenk_toy_greetings_total");
    const { stdout } = await tenk(["status", "--url", statusUrl], { main });
    expect(stdout).toMatch(/^greeting +greeted\nhello +1$/m);
  });

  test("changes with a reload, and where it refuses one nothing changes, of the other parts neither", async () => {
    const client = await new Client(ports.echo!).connected();
    await reload('toy: { listen: "127.0.0.1:0", greeting: good day }');
    expect(await greeted()).toBe("good day");
    writeFileSync(
      file(),
      config('toy: { listen: "127.0.0.1:0", greeting: "no" }').replace("handler: echo", "handler: sink"),
    );
    running.child.kill("SIGHUP");
    await running.sees("stderr", /reload failed, nothing has changed\nCannot greet with no/);
    expect(await greeted()).toBe("good day");
    expect((await json("api/status")).parts.tcp.listeners[0]!.handler).toBe("echo");
    client.socket.write("still there");
    await until(() => client.received === "still there");
    client.socket.destroy();
  });

  if (hasBrowser()) {
    test(
      "has a panel on the page",
      async () => {
        const browser = await launchBrowser();
        try {
          const page = await (await browser.newContext()).newPage();
          await page.goto(`${statusUrl}#/now`);
          await page.getByRole("heading", { name: "Greetings", exact: true }).waitFor({ timeout: TIMEOUT_MS });
          await page.getByText("Greetings a second", { exact: true }).waitFor({ timeout: TIMEOUT_MS });
        } finally {
          await browser.close();
        }
      },
      TIMEOUT_MS,
    );
  }

  test("that leaves the configuration stops, and one that comes back starts", async () => {
    await reload("");
    expect(Object.keys((await json("api/status")).parts)).toEqual(["containers", "tcp"]);
    await reload('toy: { listen: "127.0.0.1:0", greeting: again }');
    expect((await json("api/status")).parts.toy).toMatchObject({ greeting: "again" });
  });
});
