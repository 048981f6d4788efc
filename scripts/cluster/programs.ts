import { existsSync } from "node:fs";

/** File → Debian's package with it. */
const NEEDED: Readonly<Record<string, string>> = {
  "/usr/bin/etcd": "etcd-server",
  "/usr/bin/containerd": "containerd",
  "/usr/sbin/runc": "runc",
  "/usr/lib/cni/ptp": "containernetworking-plugins",
  "/usr/sbin/nft": "nftables",
};

/** Returns the packages that a cluster needs beside Kubernetes' own programs, and that are not installed. */
export function missingPrograms(): string[] {
  return Object.entries(NEEDED).flatMap(([file, name]) => (existsSync(file) ? [] : [name]));
}
