import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { FreePorts } from "../../bench/free-port.ts";

const MODULE = new URL("../../bench/free-port.ts", import.meta.url).pathname;

test("no port is handed out twice, neither in one process nor in others that begin at the same place", async () => {
  // It keeps its ports until this test has taken its own.
  const program = `const { FreePorts } = await import(${JSON.stringify(MODULE)}); const ports = new FreePorts(7);
    const taken = await Promise.all(Array.from({ length: 40 }, () => ports.take()));
    console.log(JSON.stringify(taken)); for await (const _ of console) {}`;
  const [one, two] = [1, 2].map(() => Bun.spawn([process.execPath, "-e", program], { stdin: "pipe", stdout: "pipe" }));
  const lines = await Promise.all([one!, two!].map(async ({ stdout }) => (await stdout.getReader().read()).value));
  const theirs = lines.flatMap((line) => JSON.parse(new TextDecoder().decode(line)) as number[]);
  const own = new FreePorts(7);
  const ours = [...(await Promise.all(Array.from({ length: 40 }, () => own.take()))), await new FreePorts(7).take()];
  for (const { stdin } of [one!, two!]) stdin.end();
  expect(new Set([...theirs, ...ours]).size).toBe(121);
  const firstEphemeral = Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1"), 10);
  if (firstEphemeral > 10_000) expect(Math.max(...theirs, ...ours)).toBeLessThan(firstEphemeral);
  await Promise.all([one!.exited, two!.exited]);
});

test.each(["127.0.0.1", "127.0.0.2", "::1"])("a port at which another listens at %s is passed over", async (host) => {
  const ports = new FreePorts();
  const held = (await ports.take()) + 1;
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(held, host, resolve));
  expect(await ports.take()).not.toBe(held);
  holder.close();
});
