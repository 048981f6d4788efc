/** Container images without a registry, as archives that containerd imports. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Image {
  /** `docker.io/library/tenk:0.1.0` */
  readonly name: string;
  /** Path in the image → file on this machine. */
  readonly files: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly environment?: readonly string[];
  /** User and group, as numbers. */
  readonly user?: string;
  /** Empty folders that the user owns. */
  readonly folders?: readonly string[];
}

/** Writes an image of one layer into `archive`, in the format of `docker save`. */
export async function writeImage(image: Image, archive: string): Promise<void> {
  const folder = mkdtempSync(`${archive}-`);
  try {
    const root = join(folder, "root");
    mkdirSync(root);
    for (const [path, file] of Object.entries(image.files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      cpSync(file, join(root, path), { dereference: true });
    }
    for (const path of image.folders ?? []) mkdirSync(join(root, path), { recursive: true });
    const owner =
      image.user === undefined ? [] : [`--owner=${image.user.split(":")[0]}`, `--group=${image.user.split(":")[0]}`];
    run("tar", ["-C", root, "--numeric-owner", ...owner, "-cf", join(folder, "layer.tar"), "."]);
    const digest = await sha256(join(folder, "layer.tar"));
    const config = {
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      config: { Entrypoint: image.entrypoint, Env: image.environment ?? [], User: image.user ?? "" },
      rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
    };
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    const manifest = [{ Config: "config.json", RepoTags: [image.name], Layers: ["layer.tar"] }];
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
    run("tar", ["-C", folder, "-cf", archive, "manifest.json", "config.json", "layer.tar"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}
