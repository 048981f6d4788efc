import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tenk, withFolder } from "./tenk.ts";

const FILES = [
  "dashboards/tenk-load.json",
  "dashboards/tenk.json",
  "prometheus.yml",
  "provisioning/dashboards/tenk.yaml",
  "provisioning/datasources/tenk.yaml",
];

function filesIn(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(folder.length + 1))
    .sort();
}

test("tenk dashboards writes and lists its files, and overwrites nothing without --force", async () => {
  await withFolder(async (cwd) => {
    const words = ["dashboards", "--out", "grafana", "--box", "10.0.0.7:9190"];
    const first = await tenk(words, { cwd });
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(filesIn(join(cwd, "grafana"))).toEqual(FILES);
    for (const file of FILES) expect(first.stdout).toContain(`wrote grafana/${file}\n`);
    const provider = readFileSync(join(cwd, "grafana/provisioning/dashboards/tenk.yaml"), "utf8");
    expect(provider).toContain(`path: "${join(cwd, "grafana/dashboards")}"`);
    expect(readFileSync(join(cwd, "grafana/prometheus.yml"), "utf8")).toContain('targets: ["10.0.0.7:9190"]');

    writeFileSync(join(cwd, "grafana/prometheus.yml"), "mine");
    rmSync(join(cwd, "grafana/dashboards"), { recursive: true });
    const second = await tenk(words, { cwd });
    expect([second.code, second.stdout]).toEqual([2, ""]);
    expect(second.stderr).toContain("it exists already, and 2 more do (--force overwrites)");
    expect(filesIn(join(cwd, "grafana"))).toEqual(FILES.slice(2));
    expect(readFileSync(join(cwd, "grafana/prometheus.yml"), "utf8")).toBe("mine");

    // A link is replaced: what it leads to is not ours.
    rmSync(join(cwd, "grafana/prometheus.yml"));
    writeFileSync(join(cwd, "theirs.yml"), "theirs");
    symlinkSync(join(cwd, "theirs.yml"), join(cwd, "grafana/prometheus.yml"));
    expect((await tenk([...words, "--force"], { cwd })).code).toBe(0);
    expect(filesIn(join(cwd, "grafana"))).toEqual(FILES);
    expect(readFileSync(join(cwd, "theirs.yml"), "utf8")).toBe("theirs");
  });
});

test("tenk dashboards says why it cannot", async () => {
  await withFolder(async (cwd) => {
    writeFileSync(join(cwd, "file"), "");
    const ended = await tenk(["dashboards", "--out", "file"], { cwd });
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining("Cannot write file/dashboards/tenk.json")]);
    expect((await tenk(["dashboards"], { cwd })).stderr).toContain("required option '--out <folder>' not specified");
    expect((await tenk(["dashboards", "--out", "x", "--prometheus", "p:9090"], { cwd })).code).toBe(2);
    expect(existsSync(join(cwd, "x"))).toBe(false);
  });
});
