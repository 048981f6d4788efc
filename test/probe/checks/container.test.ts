import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkContainer } from "../../../src/probe/checks/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-container-check-"));
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

async function engine(listener: RequestListener): Promise<string> {
  const path = join(folder, `${servers.length}.sock`);
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

const ID = "4f".repeat(32);
const knowing = (state: object) =>
  engine((request, response) => {
    const isOurs = request.url === "/containers/db/json";
    response.writeHead(isOurs ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isOurs ? { Id: ID, Name: "/db", Config: { Image: "postgres:16" }, State: state } : { message: "No such container" })); // biome-ignore format: one call
  });
const check = (container: string, ...sockets: string[]) =>
  checkContainer({ container, timeoutMs: 20_000, sockets: () => sockets });

describe("a container", () => {
  test.each([
    [{ Status: "running" }, "up", undefined],
    [{ Status: "running", Health: { Status: "healthy" } }, "up", undefined],
    [{ Status: "running", Health: { Status: "starting" } }, "starting", "its health check has not passed yet"],
    [
      { Status: "running", Health: { Status: "unhealthy", Log: [{ Output: "no answer" }] } },
      "down",
      "container db fails its own health check (it says: no answer): docker logs db",
    ],
    [
      { Status: "exited", ExitCode: 137, OOMKilled: true },
      "down",
      "container db exited with 137: out of memory (docker logs db)",
    ],
    [{ Status: "paused" }, "down", "container db is paused: docker unpause db"],
  ])("whose engine says %j is %s", async (state, result, reason) => {
    const outcome = await check("db", await knowing(state));
    expect(outcome).toEqual({ result, facts: { version: "postgres:16" }, ...(reason && { reason }) } as never);
  });

  test("of another name is down, unless another engine knows it", async () => {
    const one = await knowing({ Status: "running" });
    const other = await engine((_, response) => response.writeHead(404).end("{}"));
    expect(await check("web", one)).toMatchObject({ result: "down", reason: "there is no container web: see docker ps -a" }); // biome-ignore format: one call
    expect((await check("db", other, one)).result).toBe("up");
    expect((await check("web", join(folder, "gone.sock"), one)).reason).toContain("there is no container web");
  });

  test("is unknown where no engine is, and down where it does not answer", async () => {
    expect(await check("db")).toMatchObject({ result: "unknown", reason: expect.stringContaining("no container engine") }); // biome-ignore format: one call
    expect((await check("db", join(folder, "gone.sock"))).result).toBe("down");
  });
});
