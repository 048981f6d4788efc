/** A base image for Dockerfiles where no registry is in reach: Debian's required packages, as this machine has them. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./wanted.ts";

/** What Docker's own slim image leaves out too. */
const LEFT_OUT = /^\/usr\/share\/(doc|man|locale|info|lintian|bug)(\/|$)/;
const MERGED = ["bin", "sbin", "lib", "lib64"];

/** Makes the image of a name in an engine's storage. */
export function makeBaseImage(name: string, folder: string, env: NodeJS.ProcessEnv): void {
  const root = join(folder, "base");
  mkdirSync(root);
  const list = join(folder, "base-files");
  writeFileSync(list, filesOf(requiredPackages()).join("\n"));
  run("tar", ["-C", "/", "--no-recursion", "-cf", `${root}.tar`, "-T", list]);
  run("tar", ["-C", root, "-xf", `${root}.tar`]);
  for (const path of ["proc", "dev", "sys", "run", "root", "tmp", "var/tmp"])
    mkdirSync(join(root, path), { recursive: true, mode: path.endsWith("tmp") ? 0o1777 : 0o755 });
  run("sh", ["-ec", `tar -C ${root} -cf - . | podman import --quiet - ${name}`], { env });
}

/** Returns the names of essential and required packages and of all that they depend on. */
function requiredPackages(): string[] {
  const fields = ["Package", "Essential", "Priority", "Pre-Depends", "Depends"].map((name) => `$\{${name}}`);
  const rows = run("dpkg-query", ["--show", "--showformat", `${fields.join("\\t")}\\n`])
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));
  const needs = new Map(rows.map(([name = "", , , before = "", needed = ""]) => [name, `${before}, ${needed}`]));
  const required = rows.filter(([, essential, priority]) => essential === "yes" || priority === "required");
  const found = new Set<string>();
  const waiting = required.map(([name = ""]) => name);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const needed = needs.get(name);
    if (needed === undefined || found.has(name)) continue;
    found.add(name);
    waiting.push(...needed.split(/[,|]/).map((each) => each.trim().replace(/[ :(].*/, "")));
  }
  return [...found];
}

/** Returns their files and folders, relative to `/`, with the links of the merged /usr in front. */
function filesOf(packages: readonly string[]): string[] {
  const paths = run("dpkg-query", ["--listfiles", ...packages])
    .split("\n")
    .filter((path) => path.startsWith("/") && path !== "/." && !LEFT_OUT.test(path))
    .map((path) => path.replace(/^\/(s?bin|lib(?:32|64|x32)?)(?=\/|$)/, "/usr/$1"))
    .filter((path) => existsSync(path));
  const extra = ["etc/passwd", "etc/group", "etc/debian_version"];
  return [...new Set([...MERGED, ...extra, ...paths.map((path) => path.slice(1))])];
}
