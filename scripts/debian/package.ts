/** Makes the .deb of an executable, without dpkg: on any system, and the same bytes from the same input. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { completionScript } from "../../src/cli/completion.ts";
import { allCommands } from "../../src/cli/mod.ts";
import { PING_SETTING, serviceUnit } from "../../src/systemd/mod.ts";
import { ar, type Entry, tar } from "./archive.ts";
import { copyright } from "./copyright.ts";
import { manPage } from "./man-page.ts";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = join(ROOT, "deploy/debian");
const SCRIPTS = ["postinst", "prerm", "postrm"];
const CONFIG = "etc/tenk/tenk.yaml";

export interface DebOptions {
  /** The executable's bytes. */
  readonly program: Uint8Array;
  readonly architecture: "amd64" | "arm64";
  /** Of package.json. */
  readonly version: string;
  /** Time of all files, in seconds since 1970: SOURCE_DATE_EPOCH. */
  readonly atSeconds: number;
}

/** Returns the bytes of the package. */
export async function debPackage(options: DebOptions): Promise<Buffer> {
  const { atSeconds } = options;
  const files = await contents(options);
  const bytes = files.reduce((sum, { content }) => sum + Math.ceil(content.length / 1024) * 1024, 0);
  const control = source("control")
    .replace("@VERSION@", debianVersion(options.version))
    .replace("@ARCHITECTURE@", options.architecture)
    .replace("@SIZE@", `${bytes / 1024}`);
  const sums = files
    .filter(({ path }) => path !== CONFIG)
    .map(({ path, content }) => `${createHash("md5").update(content).digest("hex")}  ${path}\n`);
  const about = [
    text("control", control),
    text("conffiles", `/${CONFIG}\n`),
    text("md5sums", sums.join("")),
    ...SCRIPTS.map((name) => ({ ...text(name, source(name)), mode: 0o755 })),
  ];
  // gzip, since dpkg of Debian 11 knows no zstd, and xz takes two minutes.
  const packed = (entries: readonly Entry[]) => gzipSync(tar(entries, atSeconds));
  const members = [
    ["debian-binary", Buffer.from("2.0\n")],
    ["control.tar.gz", packed(about)],
    ["data.tar.gz", packed(files)],
  ] as const;
  return ar(members, atSeconds);
}

/** A version with `-` in it would be one of a Debian revision; `~` sorts before the release: 1.0.0~rc.1. */
export function debianVersion(version: string): string {
  return version.replace("-", "~");
}

async function contents({ program, version, atSeconds }: DebOptions): Promise<Entry[]> {
  const date = new Date(atSeconds * 1000);
  const commands = await allCommands();
  const man = manPage(commands, version, date.toISOString().slice(0, 10));
  const changelog = `tenk (${debianVersion(version)}) stable; urgency=medium

  * Changes are listed in CHANGELOG.md of the source.

 -- The tenk authors <authors@tenk.invalid>  ${date.toUTCString().replace("GMT", "+0000")}
`;
  const compressed = (path: string, content: string) => ({
    ...text(path, ""),
    content: gzipSync(content, { level: 9 }),
  });
  return [
    { path: "usr/bin/tenk", mode: 0o755, content: program },
    text("usr/lib/systemd/system/tenk.service", serviceUnit({ program: "/usr/bin/tenk", config: `/${CONFIG}` })),
    text("usr/lib/sysctl.d/60-tenk.conf", PING_SETTING),
    { ...text(CONFIG, source("tenk.yaml")), mode: 0o644 },
    compressed("usr/share/man/man1/tenk.1.gz", man),
    text("usr/share/bash-completion/completions/tenk", completionScript(commands, "bash")),
    text("usr/share/zsh/vendor-completions/_tenk", completionScript(commands, "zsh")),
    text("usr/share/fish/vendor_completions.d/tenk.fish", completionScript(commands, "fish")),
    text("usr/share/doc/tenk/copyright", copyright(ROOT)),
    compressed("usr/share/doc/tenk/changelog.gz", changelog),
    text("usr/share/lintian/overrides/tenk", source("lintian-overrides")),
  ];
}

function source(name: string): string {
  return readFileSync(join(SOURCES, name), "utf8");
}

function text(path: string, content: string): Entry {
  return { path, mode: 0o644, content: Buffer.from(content) };
}
