import { describe, expect, test } from "bun:test";
import { ContainerEngine, engineSockets } from "../../src/containers/mod.ts";
import { FakeEngine, idOf } from "./fake-engine.ts";

describe("sockets", () => {
  const exists =
    (...paths: string[]) =>
    (path: string) => {
      if (!paths.includes(path)) throw new Error("ENOENT");
      return path.replace("/var/run", "/run");
    };

  test("those of Docker, Podman and the user's own engines are found, each once", () => {
    const all = exists(
      "/run/docker.sock",
      "/var/run/docker.sock",
      "/run/podman/podman.sock",
      "/run/user/7/podman/podman.sock",
    );
    expect(engineSockets({ XDG_RUNTIME_DIR: "/run/user/7" }, all)).toEqual([
      "/run/docker.sock",
      "/run/podman/podman.sock",
      "/run/user/7/podman/podman.sock",
    ]);
  });

  test("DOCKER_HOST names the only one, unless it is no Unix socket", () => {
    const all = exists("/run/docker.sock", "/srv/own.sock");
    expect(engineSockets({ DOCKER_HOST: "unix:///srv/own.sock" }, all)).toEqual(["/srv/own.sock"]);
    expect(engineSockets({ DOCKER_HOST: "unix:///srv/gone.sock" }, all)).toEqual([]);
    expect(engineSockets({ DOCKER_HOST: "tcp://10.0.0.1:2375" }, all)).toEqual(["/run/docker.sock"]);
  });
});

describe("questions to an engine", () => {
  test("a container is told with its ports, addresses, health and end", async () => {
    await using fake = new FakeEngine();
    await fake.start();
    fake.containers = [
      {
        id: idOf("a"),
        name: "web",
        labels: { "tenk.name": "web", other: "x" },
        ports: { 80: [8080], 443: [] },
        address: "172.17.0.2",
      },
      { id: idOf("b"), name: "db", state: "exited", exitCode: 137, isOutOfMemory: true, ports: { 5432: [15432] } },
    ];
    const engine = new ContainerEngine({ socket: fake.socket });
    expect(await engine.ping()).toEqual({ engine: "Docker", api: "1.41" });
    const { containers } = await engine.list();
    expect(containers.map(({ name, state, exitCode }) => [name, state, exitCode])).toEqual([
      ["web", "running", undefined],
      ["db", "exited", 137],
    ]);
    expect(await engine.inspect("web")).toMatchObject({
      labels: { "tenk.name": "web" },
      published: [{ containerPort: 80, port: 8080, host: "0.0.0.0" }],
      exposed: [80, 443],
      addresses: ["172.17.0.2"],
      network: "bridge",
    });
    // One that does not run still says which ports it will have.
    expect(await engine.inspect("db")).toMatchObject({ isOutOfMemory: true, published: [{ port: 15432 }] });
    expect(await engine.inspect("none")).toBeUndefined();
  });

  test("Podman is known by its header, and its words for states are Docker's", async () => {
    await using fake = new FakeEngine();
    fake.headers = { "Api-Version": "1.41", "Libpod-Api-Version": "4.3.1" };
    await fake.start();
    fake.containers = [{ id: idOf("a"), name: "web", state: "stopped" }];
    const engine = new ContainerEngine({ socket: fake.socket });
    expect((await engine.ping()).engine).toBe("Podman");
    expect((await engine.list()).containers[0]!.state).toBe("exited");
  });

  test.each([
    ["a text", "hello", "no JSON"],
    ["no list", "{}", "no list of containers"],
    ["too much", `[${" ".repeat(3000)}]`, "longer than 2000 bytes"],
  ])("%s instead of a list is an error in words", async (_, text, said) => {
    await using fake = new FakeEngine();
    await fake.start();
    fake.answers.set("/containers/json", (response) => response.end(text));
    await expect(new ContainerEngine({ socket: fake.socket, maxListBytes: 2000 }).list()).rejects.toThrow(said);
  });

  test("a thousand containers with hostile names, labels and ports are read within bounds", async () => {
    await using fake = new FakeEngine();
    await fake.start();
    const hostile = {
      Id: idOf("c"),
      Names: [`/\u001b[31m${"x".repeat(5000)}`],
      Image: 7,
      State: ["running"],
      Status: null,
      Ports: Array.from({ length: 9000 }, (_, at) => ({ PrivatePort: at, PublicPort: at, Type: "tcp", IP: "::" })),
      Labels: Object.fromEntries(
        Array.from({ length: 500 }, (_, at) => [`tenk.a${at}`, "y".repeat(100_000)]).slice(0, 20),
      ),
      NetworkSettings: { Networks: { a: { IPAddress: "$(reboot)" }, b: null } },
    };
    const usual = Array.from({ length: 1000 }, (_, at) => ({
      Id: String(at).padStart(64, "0"),
      Names: [`/c${at}`],
      State: "running",
    }));
    fake.answers.set("/containers/json", (response) =>
      response.end(JSON.stringify([hostile, null, 5, { Id: "../x" }, ...usual])),
    );
    const { containers, left } = await new ContainerEngine({ socket: fake.socket, maxContainers: 900 }).list();
    expect([containers.length, left]).toEqual([897, 104]);
    const [first] = containers;
    expect(first!.name.length).toBeLessThanOrEqual(200);
    expect(first!.name).not.toContain("\u001b");
    expect(first!.state).toBe("dead");
    expect(first!.published.length).toBe(64);
    expect(first!.addresses).toEqual([]);
    expect(Math.max(...Object.values(first!.labels).map(({ length }) => length))).toBe(4097);
  });

  test("a proxy of the socket that forbids the question is named", async () => {
    await using fake = new FakeEngine();
    await fake.start();
    fake.answers.set("/containers/json", (response) => response.writeHead(403).end("Forbidden"));
    await expect(new ContainerEngine({ socket: fake.socket }).list()).rejects.toMatchObject({
      message: expect.stringContaining("status 403"),
      hint: expect.stringContaining("allow GET"),
    });
  });
});
