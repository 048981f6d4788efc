import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PrivateFolder } from "../../src/certificates/files.ts";
import { keptLog, newFolder } from "./support.ts";

async function opened(path: string | undefined) {
  const kept = keptLog();
  const folder = new PrivateFolder(path, kept.log);
  await folder.open();
  return { folder, ...kept };
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("a folder of private files", () => {
  test("is closed to others, and so are its files", async () => {
    const path = join(newFolder(), "a", "b");
    const { folder } = await opened(path);
    expect(await folder.write("x.pem", "key")).toBe(true);
    expect([mode(path), mode(join(path, "x.pem"))]).toEqual(["700", "600"]);
    expect(await folder.read("x.pem")).toBe("key");
    expect(readdirSync(path)).toEqual(["x.pem"]);
  });

  test("closes a folder and a file that were open to others", async () => {
    const path = newFolder();
    chmodSync(path, 0o755);
    writeFileSync(join(path, "x.pem"), "key");
    chmodSync(join(path, "x.pem"), 0o644);
    const { folder, lines } = await opened(path);
    expect(await folder.read("x.pem")).toBe("key");
    expect([mode(path), mode(join(path, "x.pem"))]).toEqual(["700", "600"]);
    expect(lines).toEqual(["warn private file was open to other users"]);
  });

  test("is read as empty where a file is missing, and says so where one cannot be read", async () => {
    const path = newFolder();
    const { folder } = await opened(path);
    mkdirSync(join(path, "folder.pem"));
    writeFileSync(join(path, "large.pem"), "x".repeat((1 << 20) + 1));
    expect(await folder.read("x.pem")).toBeUndefined();
    expect(folder.read("folder.pem")).rejects.toThrow("Cannot read");
    expect(folder.read("large.pem")).rejects.toThrow("not a file of ours");
  });

  test("keeps in memory what a disk does not take, logs it once, and writes it later", async () => {
    const parent = newFolder();
    const path = join(parent, "data");
    writeFileSync(path, "a file where the folder should be");
    const { folder, lines, fields } = await opened(path);
    expect([await folder.write("x.pem", "secret"), await folder.write("x.pem", "secret 2")]).toEqual([false, false]);
    expect(await folder.read("x.pem")).toBe("secret 2");
    expect(await folder.retry()).toEqual([]);
    expect(new Set(lines)).toEqual(new Set(["error cannot write certificates"]));
    expect(lines.length).toBeLessThanOrEqual(2);
    expect(JSON.stringify(fields)).not.toContain("secret");
    rmSync(path);
    mkdirSync(path);
    expect([folder.hasUnwritten, await folder.retry(), folder.hasUnwritten]).toEqual([true, ["x.pem"], false]);
    expect(readFileSync(join(path, "x.pem"), "utf8")).toBe("secret 2");
  });

  test("without a path is memory only, and has nothing to retry", async () => {
    const { folder, lines } = await opened(undefined);
    expect([await folder.write("x.pem", "key"), await folder.read("x.pem")]).toEqual([false, "key"]);
    expect([folder.hasUnwritten, lines]).toEqual([false, []]);
  });

  test("of two that write a file once, both get the text of the first", async () => {
    const path = newFolder();
    const [{ folder: one }, { folder: other }] = [await opened(path), await opened(path)];
    const texts = await Promise.all([one.writeOnce("x.pem", "one"), other.writeOnce("x.pem", "other")]);
    expect(texts[0]).toBe(texts[1]!);
    expect(readFileSync(join(path, "x.pem"), "utf8")).toBe(texts[0]!);
    expect(readdirSync(path)).toEqual(["x.pem"]);
  });

  test("a process that is killed while it writes leaves a whole file, and the next start removes the rest", async () => {
    const path = newFolder();
    for (let kill = 0; kill < 4; kill++) {
      const writer = spawn(process.execPath, [join(import.meta.dirname, "endless-writer.ts"), path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      // The moment differs from run to run, by what the disk is doing.
      for (let lines = 0; lines <= 3 + kill * 5; lines++) await once(writer.stdout!, "data");
      writer.kill("SIGKILL");
      await once(writer, "exit");
      const text = readFileSync(join(path, "x.pem"), "utf8");
      expect(text).toMatch(/^(\d+)-{200000}\1$/);
    }
    await opened(path);
    expect(readdirSync(path)).toEqual(["x.pem"]);
  }, 30_000);
});
