import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startInstance } from "../../src/cli/child-instance.ts";
import { Terminal } from "../../src/cli/terminal.ts";
import { dataHome, startTenk } from "./tenk.ts";

const ANYWHERE = ["--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"];

describe("an instance in a process of its own", () => {
  // It has our environment, and is to keep nothing outside the tests' folder.
  const { XDG_DATA_HOME: usual } = process.env;
  beforeAll(() => {
    process.env.XDG_DATA_HOME = dataHome();
  });
  afterAll(() => {
    if (usual === undefined) delete process.env.XDG_DATA_HOME;
    else process.env.XDG_DATA_HOME = usual;
  });

  test("is up when it is handed over, and ends when it is disposed of", async () => {
    const lines: string[] = [];
    const terminal = new Terminal({ write: (text) => lines.push(text) });
    const instance = await startInstance(ANYWHERE, terminal);
    expect(instance.ready.listeners[0]).toMatchObject({ name: "packets", handler: "sink" });
    expect((await fetch(`${instance.ready.statusUrl}healthz`)).status).toBe(200);
    await instance[Symbol.asyncDispose]();
    expect(await instance.ended).toBe(0);
    expect(lines.join("")).toContain("stopped");
  });

  test("with HTTPS alone tells the root of its certificate", async () => {
    const words = ["--https", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"];
    await using instance = await startInstance(words, new Terminal({ write: () => undefined }));
    const [listener, ...others] = instance.ready.listeners;
    expect(others).toEqual([]);
    const tls = { ca: instance.ready.localRoot };
    const answer = await fetch(`https://localhost:${listener?.port}/`, { tls } as RequestInit);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("GET /")]);
  });

  test("that cannot start says why and does not leave us waiting", async () => {
    const first = startTenk(["up", "--json", ...ANYWHERE]);
    const [line] = await first.sees("stdout", /^.*\n/);
    const { port } = JSON.parse(line).listeners[0];
    const lines: string[] = [];
    const started = startInstance(
      ["--listen", `127.0.0.1:${port}`],
      new Terminal({ write: (text) => lines.push(text) }),
    );
    await expect(started).rejects.toThrow("tenk up ended before it was up, with code 2");
    expect(lines.join("")).toContain("it is in use by");
    first.child.kill("SIGTERM");
    await first.ended;
  });
});
