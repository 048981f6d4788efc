import { describe, expect, test } from "bun:test";
import { freePort } from "../net/support.ts";
import { withBox } from "./reload-support.ts";

describe("a reload that moves the dashboard", () => {
  const config = (dashboard: string, limit: string) =>
    `tcp: { a: { listen: "127.0.0.1:0", limits: { connections: ${limit} } } }\ndashboard: { listen: "${dashboard}" }\n`;

  test("changes nothing where it cannot go there", async () => {
    await withBox({}, config("127.0.0.1:0", "10"), async (box, reload, _, said) => {
      const before = box.statusUrl;
      expect(await reload(config("198.51.100.7:0", "20"))).toContain("Cannot serve the dashboard on 198.51.100.7:0");
      expect(box.statusUrl).toBe(before);
      expect((await fetch(`${before}healthz`)).status).toBe(200);
      expect(said().filter((line) => line.startsWith("listener"))).toEqual([]);
    });
  });

  test("stays where it is while a listener refuses", async () => {
    await withBox({}, config("127.0.0.1:0", "10"), async (box, reload) => {
      const [before, port] = [box.statusUrl, await freePort()];
      const wrong = `tcp: { a: { listen: "198.51.100.7:1" } }\ndashboard: { listen: "127.0.0.1:${port}" }\n`;
      expect(await reload(wrong)).toContain("no such address");
      expect(box.statusUrl).toBe(before);
      expect(await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => "refused")).toBe("refused");
    });
  });

  test("has the port that a listener leaves in the same step", async () => {
    const port = await freePort();
    const both = (listener: number, dashboard: number) =>
      `tcp: { a: { listen: "127.0.0.1:${listener}" } }\ndashboard: { listen: "127.0.0.1:${dashboard}" }\n`;
    await withBox({}, both(port, 0), async (box, reload, _, said) => {
      expect(await reload(both(0, port))).toBe("reloaded");
      expect(box.statusUrl).toBe(`http://127.0.0.1:${port}/`);
      expect((await fetch(`${box.statusUrl}healthz`)).status).toBe(200);
      expect(said().filter((line) => line.includes("taken instead"))).toEqual([]);
    });
  });

  test("to another host keeps its port", async () => {
    const port = await freePort();
    await withBox({}, config(`127.0.0.1:${port}`, "10"), async (box, reload) => {
      expect(await reload(config(`0.0.0.0:${port}`, "10"))).toBe("reloaded");
      expect(box.statusUrl).toBe(`http://0.0.0.0:${port}/`);
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    });
  });
});

test("a reload cannot change where history is kept, and says so", async () => {
  const config = (data: string) => `tcp: { a: { listen: "127.0.0.1:0" } }\n${data}`;
  await withBox({}, config(""), async (_, reload, __, said) => {
    expect(await reload(config("log: { level: debug }\n"))).toBe("reloaded");
    expect(said().filter((line) => line.startsWith("data"))).toEqual([]);
    expect(await reload(config("data: { folder: elsewhere }\n"))).toBe("reloaded");
    expect(said().filter((line) => line.startsWith("data"))).toEqual([
      "data is as it was: another one needs a new start",
    ]);
  });
});
