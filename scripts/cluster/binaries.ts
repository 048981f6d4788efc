/** Kubernetes' own programs, built from its Go module and kept outside the repository. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, goRun, moduleFolder } from "../kubernetes/tools.ts";
import { KUBERNETES, KUBERNETES_MODULE } from "../kubernetes/versions.ts";

const PROGRAMS = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"];
const FOLDER = join(CACHE, KUBERNETES);
/** The folder with the programs, and `pause`, the process that holds a pod's namespaces. */
export const BINARIES = join(FOLDER, "bin");

const PAUSE = `package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}
`;

/** Whether nothing has to be built. */
export function areBinariesBuilt(): boolean {
  return [...PROGRAMS, "pause"].every((name) => existsSync(join(BINARIES, name)));
}

/** Builds what is missing: ten minutes of CPU time, and 4 GB in Go's cache, the first time. */
export function buildBinaries(): void {
  mkdirSync(BINARIES, { recursive: true });
  const missing = PROGRAMS.filter((name) => !existsSync(join(BINARIES, name)));
  if (missing.length > 0) buildKubernetes(missing);
  if (existsSync(join(BINARIES, "pause"))) return;
  const source = join(FOLDER, "pause.go");
  writeFileSync(source, PAUSE);
  goRun(["build", "-ldflags=-s -w", "-o", join(BINARIES, "pause"), source], { CGO_ENABLED: "0" });
}

function buildKubernetes(programs: readonly string[]): void {
  const module = join(FOLDER, "module");
  mkdirSync(module, { recursive: true });
  writeFileSync(
    join(module, "go.mod"),
    moduleText(readFileSync(join(moduleFolder(KUBERNETES_MODULE), "go.mod"), "utf8")),
  );
  const version = `-X k8s.io/component-base/version.gitVersion=${KUBERNETES}`;
  const numbers = KUBERNETES.slice(1).split(".");
  const major = `-X k8s.io/component-base/version.gitMajor=${numbers[0]} -X k8s.io/component-base/version.gitMinor=${numbers[1]}`;
  const packages = programs.map((name) => `k8s.io/kubernetes/cmd/${name}`);
  const options = ["-mod=mod", "-trimpath", `-ldflags=-s -w ${version} ${major}`];
  goRun(["build", ...options, "-o", `${BINARIES}/`, ...packages], { CGO_ENABLED: "0" }, module);
}

/**
 * Returns the `go.mod` of a module that builds Kubernetes. Its own replaces its libraries by folders of its repository, which
 * the published module lacks: ours names their published versions.
 */
export function moduleText(ofKubernetes: string): string {
  const library = `v0.${KUBERNETES.split(".").slice(1).join(".")}`;
  const replaced = [...ofKubernetes.matchAll(/^\s*(k8s\.io\/[\w-]+) => \.\//gm)].map(([, path]) => path!);
  return [
    "module cluster.invalid/cluster",
    /^go .*$/m.exec(ofKubernetes)![0],
    `require ${KUBERNETES_MODULE.replace("@", " ")}`,
    ...replaced.map((path) => `replace ${path} => ${path} ${library}`),
    "",
  ].join("\n");
}
