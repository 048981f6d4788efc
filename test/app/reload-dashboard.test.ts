import { describe, expect, test } from "bun:test";
import { freePort } from "../net/support.ts";
import { withInstance } from "./reload-support.ts";

describe("a reload that moves the dashboard", () => {
  const config = (dashboard: string, limit: string) =>
    `tcp: { a: { listen: "127.0.0.1:0", limits: { connections: ${limit} } } }\ndashboard: { listen: "${dashboard}" }\n`;

  test("changes nothing where it cannot go there", async () => {
    await withInstance({}, config("127.0.0.1:0", "10"), async (instance, reload, _, said) => {
      const before = instance.statusUrl;
      expect(await reload(config("198.51.100.7:0", "20"))).toContain("Cannot serve the dashboard on 198.51.100.7:0");
      expect(instance.statusUrl).toBe(before);
      expect((await fetch(`${before}healthz`)).status).toBe(200);
      expect(said().filter((line) => line.startsWith("listener"))).toEqual([]);
    });
  });

  test("stays where it is while a listener refuses", async () => {
    await withInstance({}, config("127.0.0.1:0", "10"), async (instance, reload) => {
      const [before, port] = [instance.statusUrl, await freePort()];
      const wrong = `tcp: { a: { listen: "198.51.100.7:1" } }\ndashboard: { listen: "127.0.0.1:${port}" }\n`;
      expect(await reload(wrong)).toContain("no such address");
      expect(instance.statusUrl).toBe(before);
      expect(await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => "refused")).toBe("refused");
    });
  });

  test("has the port that a listener leaves in the same step", async () => {
    const port = await freePort();
    const both = (listener: number, dashboard: number) =>
      `tcp: { a: { listen: "127.0.0.1:${listener}" } }\ndashboard: { listen: "127.0.0.1:${dashboard}" }\n`;
    await withInstance({}, both(port, 0), async (instance, reload, _, said) => {
      expect(await reload(both(0, port))).toBe("reloaded");
      expect(instance.statusUrl).toBe(`http://127.0.0.1:${port}/`);
      expect((await fetch(`${instance.statusUrl}healthz`)).status).toBe(200);
      expect(said().filter((line) => line.includes("taken instead"))).toEqual([]);
    });
  });

  test("to another host keeps its port", async () => {
    const port = await freePort();
    await withInstance({}, config(`127.0.0.1:${port}`, "10"), async (instance, reload) => {
      expect(await reload(config(`0.0.0.0:${port}`, "10"))).toBe("reloaded");
      expect(instance.statusUrl).toBe(`http://0.0.0.0:${port}/`);
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    });
  });
});

test("a reload cannot change the data folder, and logs that", async () => {
  const config = (data: string) => `tcp: { a: { listen: "127.0.0.1:0" } }\n${data}`;
  await withInstance({}, config(""), async (_, reload, __, said) => {
    expect(await reload(config("log: { level: debug }\n"))).toBe("reloaded");
    expect(said().filter((line) => line.startsWith("data"))).toEqual([]);
    expect(await reload(config("data: { folder: elsewhere }\n"))).toBe("reloaded");
    expect(said().filter((line) => line.startsWith("data"))).toEqual(["data settings changed: restart to apply them"]);
  });
});
