/** The user's command for DNS-01. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../../src/certificates/acme/challenges/command.ts";
import { DnsSolver } from "../../../src/certificates/acme/challenges/mod.ts";
import { until } from "../../net/support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-dns-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

const NEVER = new AbortController().signal;
const proof = {
  identifier: { type: "dns", value: "a.example.org" },
  token: "token",
  keyAuthorization: "token.thumbprint",
} as const;

describe("the command", () => {
  test("gets what to do, the record's name and its value, and is called again to remove it", async () => {
    const script = `echo "$ACME_ACTION $ACME_NAME $ACME_VALUE $ACME_DOMAIN" >> ${path("calls")}`;
    const withdraw = await new DnsSolver({ command: ["/bin/sh", "-c", script], waitMs: 0 }).present(proof, NEVER);
    await withdraw();
    // The value is the SHA-256 of the key authorization (RFC 8555 §8.4).
    const record = "_acme-challenge.a.example.org 61rBZ_4knHblO0MNoxFsXZ_eTFUHum0B6IVRbhvUn5I a.example.org";
    expect(readFileSync(path("calls"), "utf8")).toBe(`present ${record}\ncleanup ${record}\n`);
  });

  test("is run without a shell", async () => {
    const failure = runCommand(["/bin/ls", `${folder}; touch ${path("shell")}`], {}, 5000, NEVER);
    await expect(failure).rejects.toThrow(/failed with exit code 2/);
    expect(existsSync(path("shell"))).toBeFalse();
  });

  test("that fails has its exit code and the end of its output in the error, and is called to clean up", async () => {
    const script = `echo $ACME_ACTION >> ${path("failed")}; printf 'no zone \\033[31mexample\\n'; exit 3`;
    const present = new DnsSolver({ command: ["/bin/sh", "-c", script] }).present(proof, NEVER);
    await expect(present).rejects.toThrow(
      "the command /bin/sh failed with exit code 3, and wrote: no zone  [31mexample",
    );
    expect(readFileSync(path("failed"), "utf8")).toBe("present\ncleanup\n");
  });

  test("that is not there is named", async () => {
    await expect(runCommand([path("nothing")], {}, 5000, NEVER)).rejects.toThrow(
      /nothing could not be started: .*ENOENT/,
    );
  });

  test("that writes without end costs no memory", async () => {
    const script = "i=0; while [ $i -lt 2000 ]; do printf '%01000d' $i; i=$((i+1)); done; exit 1";
    const error = await runCommand(["/bin/sh", "-c", script], {}, 10_000, NEVER).catch((reason) => reason as Error);
    expect((error as Error).message.length).toBeLessThan(2200);
    expect((error as Error).message).toEndWith("1999");
  });

  test("that takes too long is ended with all that it started", async () => {
    const script = `sleep 60 & echo $! > ${path("child")}; sleep 60`;
    const startMs = performance.now();
    await expect(runCommand(["/bin/sh", "-c", script], {}, 200, NEVER)).rejects.toThrow("was ended after 200ms");
    expect(performance.now() - startMs).toBeLessThan(20_000);
    const child = readFileSync(path("child"), "utf8").trim();
    const isGone = () => {
      try {
        return readFileSync(`/proc/${child}/stat`, "utf8").includes(") Z ");
      } catch {
        return true;
      }
    };
    await until(isGone);
  });

  test("is ended when the order is aborted, and called to clean up", async () => {
    const abort = new AbortController();
    const script = `echo $ACME_ACTION >> ${path("aborted")}; [ $ACME_ACTION = cleanup ] || sleep 60`;
    const present = new DnsSolver({ command: ["/bin/sh", "-c", script] }).present(proof, abort.signal);
    await until(() => existsSync(path("aborted")));
    abort.abort(new Error("tenk stops"));
    await expect(present).rejects.toThrow("the command /bin/sh was ended: tenk stops");
    expect(readFileSync(path("aborted"), "utf8")).toBe("present\ncleanup\n");
  });

  test("that leaves a process behind, which keeps its output open, is not waited for", async () => {
    const startMs = performance.now();
    await runCommand(["/bin/sh", "-c", `sleep 5 & echo $! > ${path("left")}`], {}, 4000, NEVER);
    expect(performance.now() - startMs).toBeLessThan(20_000);
    process.kill(Number(readFileSync(path("left"), "utf8")));
  });
});

test("an address cannot be proved by a TXT record", () => {
  const solver = new DnsSolver({ command: ["/bin/true"] });
  expect(solver.canProve({ type: "ip", value: "192.0.2.1" })).toBeFalse();
  expect(solver.canProve({ type: "dns", value: "a.example.org" })).toBeTrue();
});
