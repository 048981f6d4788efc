import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holdersOf } from "../../../src/probe/discover/holders.ts";

test("a socket that systemd keeps for a service is the service's; one that nobody else has is systemd's", async () => {
  const root = mkdtempSync(join(tmpdir(), "tenk-holders-"));
  const hold = (pid: number, comm: string, ...sockets: number[]) => {
    const folder = join(root, "proc", `${pid}`);
    mkdirSync(join(folder, "fd"), { recursive: true });
    writeFileSync(join(folder, "comm"), `${comm}\n`);
    for (const [at, socket] of sockets.entries()) symlinkSync(`socket:[${socket}]`, join(folder, "fd", `${at + 3}`));
  };
  hold(1, "systemd", 22, 631);
  hold(900, "sshd", 22);
  hold(812, "nginx", 443);
  hold(813, "nginx", 443);
  try {
    const holders = await holdersOf(new Set(["22", "631", "443", "80"]), root);
    expect([...holders].map(([socket, { comm, pid }]) => `${socket} ${comm} ${pid}`).sort()).toEqual([
      "22 sshd 900",
      "443 nginx 812",
      "631 systemd 1",
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
