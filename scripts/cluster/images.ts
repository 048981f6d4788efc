/** tenk's image and the one that holds a pod's namespaces, for a node without a registry. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BINARIES } from "./binaries.ts";
import { type Cluster, command } from "./components.ts";
import { type Image, writeImage } from "./image.ts";

const ROOT = join(import.meta.dirname, "../..");
/** The tag under which the manifests here ask for it. */
export const TAG = "cluster";
const LIBRARIES = ["libc.so.6", "libpthread.so.0", "libdl.so.2", "libm.so.6", "librt.so.1", "libresolv.so.2"].concat([
  "libnss_dns.so.2",
  "libnss_files.so.2",
]);

export async function importImages(cluster: Cluster): Promise<void> {
  for (const image of [pauseImage(), tenkImage(executable(cluster.folder))]) {
    const archive = join(cluster.folder, "image.tar");
    await writeImage(image, archive);
    command("ctr", "--address", join(cluster.folder, "containerd.sock"), "-n", "k8s.io", "images", "import", archive);
  }
}

function pauseImage(): Image {
  return { name: "localhost/pause:1", files: { "/pause": join(BINARIES, "pause") }, entrypoint: ["/pause"] };
}

/** What deploy/container builds, without a builder: the executable, and what it needs of glibc. */
function tenkImage(program: string): Image {
  const lib = `/lib/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`;
  const loader = process.arch === "x64" ? "/lib64/ld-linux-x86-64.so.2" : "/lib/ld-linux-aarch64.so.1";
  const libraries = [loader, ...LIBRARIES.map((name) => join(lib, name)), "/etc/ssl/certs/ca-certificates.crt"];
  return {
    name: `docker.io/library/tenk:${TAG}`,
    files: { "/usr/bin/tenk": program, ...Object.fromEntries(libraries.map((file) => [file, file])) },
    entrypoint: ["/usr/bin/tenk"],
    environment: ["PATH=/usr/bin", "XDG_DATA_HOME=/data"],
    user: "65532:65532",
    folders: ["/data", "/tmp"],
  };
}

function executable(folder: string): string {
  if (process.env.TENK_EXECUTABLE) return process.env.TENK_EXECUTABLE;
  const words = [join(ROOT, "scripts/build.ts"), process.arch, "--into", folder];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  const file = join(folder, `tenk-linux-${process.arch}`);
  if (status !== 0 || !existsSync(file)) throw new Error(`tenk cannot be built: ${stderr}`);
  return file;
}
