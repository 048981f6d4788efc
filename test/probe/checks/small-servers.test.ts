import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { needs, RealServer } from "./servers.ts";

const VERSION = expect.stringMatching(/\d\.\d/);

if (needs("/usr/bin/memcached", "memcached"))
  test("a real memcached tells its version", async () => {
    const words = (port: number) => ["-p", `${port}`, "-l", "127.0.0.1", "-U", "0", "-u", "root"];
    await using server = await RealServer.start("/usr/bin/memcached", words);
    expect(await server.started({ kind: "memcached" })).toMatchObject({ result: "up", facts: { version: VERSION } });
  });

if (needs("/usr/sbin/nats-server", "nats-server"))
  test.each([
    [[], { result: "up", facts: { version: VERSION } }],
    [["--user", "a", "--pass", "b"], { result: "restricted", reason: expect.stringContaining("wants a password") }],
  ])("a real NATS server with the words %p", async (more: string[], expected: object) => {
    const words = (port: number) => ["-a", "127.0.0.1", "-p", `${port}`, ...more];
    await using server = await RealServer.start("/usr/sbin/nats-server", words);
    expect(await server.started({ kind: "nats" })).toMatchObject(expected);
  });

if (needs("/usr/sbin/mosquitto", "mosquitto"))
  test.each([
    ["true", { result: "up" }],
    ["false", { result: "restricted", reason: expect.stringContaining("wants a password") }],
  ])("a real mosquitto that lets everybody in: %s", async (anonymous, expected) => {
    const words = (port: number, folder: string) => {
      writeFileSync(join(folder, "c"), `listener ${port} 127.0.0.1\nallow_anonymous ${anonymous}\n`);
      return ["-c", join(folder, "c")];
    };
    await using server = await RealServer.start("/usr/sbin/mosquitto", words);
    expect(await server.started({ kind: "mqtt" })).toMatchObject(expected);
  });

if (needs("/usr/sbin/sshd", "openssh-server"))
  test("a real OpenSSH tells its version, and logs at most one line about it", async () => {
    mkdirSync("/run/sshd", { recursive: true });
    const prepare = (folder: string) => {
      spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]);
    };
    const words = (port: number, folder: string) => [
      "-D",
      "-e",
      "-f",
      "/dev/null",
      "-h",
      join(folder, "key"),
      "-p",
      `${port}`,
      "-o",
      "ListenAddress=127.0.0.1",
      "-o",
      "PidFile=none",
    ];
    await using server = await RealServer.start("/usr/sbin/sshd", words, { prepare });
    expect(await server.started({ kind: "ssh" })).toMatchObject({
      result: "up",
      facts: { version: expect.stringContaining("OpenSSH") },
    });
    const before = server.lines();
    for (let count = 0; count < 5; count++) await server.probe({ kind: "ssh" });
    expect(server.lines() - before).toBeLessThanOrEqual(6);
  });
