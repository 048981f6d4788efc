import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { product, settingsFile } from "./build.ts";
import { isInstalled, versionOf } from "./process.ts";
import type { Ports, Served } from "./stand.ts";

/** A certificate chain and key for 127.0.0.1, ECDSA on P-256, created once. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Both in one file, as HAProxy requires. */
  readonly both: string;
}

const FOLDER = product("tls");
export const TLS_FILES: TlsFiles = {
  cert: join(FOLDER, "cert.pem"),
  key: join(FOLDER, "key.pem"),
  both: join(FOLDER, "both.pem"),
};

/** Returns what prevents it. */
export function makeTlsFiles(): string | undefined {
  const { cert, key, both } = TLS_FILES;
  if (existsSync(both)) return undefined;
  if (!isInstalled("openssl")) return "openssl is not installed";
  mkdirSync(FOLDER, { recursive: true });
  const { status, stderr } = spawnSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ...["-keyout", key, "-out", cert],
    ],
    { encoding: "utf8" },
  );
  if (status !== 0) return `openssl failed: ${stderr.trim().split("\n").at(-1)}`;
  writeFileSync(both, readFileSync(cert, "utf8") + readFileSync(key, "utf8"));
  return undefined;
}

/** HAProxy in mode tcp on one thread, with defaults otherwise. With `tls` it terminates TLS in front of a plain backend. */
export function haproxy(tls?: TlsFiles): Served {
  return {
    name: "haproxy",
    prepare: () => (isInstalled("haproxy") ? undefined : "haproxy is not installed"),
    command: (ports) => [
      "haproxy",
      "-db",
      "-q",
      "-f",
      settingsFile(ports.port, "haproxy.cfg", haproxyConfig(ports, tls)),
    ],
    version: () => versionOf("haproxy", "-v").split(" - ")[0]!,
  };
}

export function haproxyConfig({ port, backendPort }: Ports, tls?: TlsFiles): string {
  return `global
  nbthread 1
  maxconn 9000
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port}${tls ? ` ssl crt ${tls.both}` : ""}
  default_backend out
backend out
  server one 127.0.0.1:${backendPort}
`;
}

const NGINX_STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so";

/** nginx's stream module with one worker, with defaults otherwise. */
export function nginx(tls?: TlsFiles): Served {
  return {
    name: "nginx",
    prepare() {
      if (!isInstalled("nginx")) return "nginx is not installed";
      return existsSync(NGINX_STREAM) ? undefined : `its stream module is not installed (${NGINX_STREAM})`;
    },
    command: (ports) => [
      "nginx",
      "-e",
      "stderr",
      "-c",
      settingsFile(ports.port, "nginx.conf", nginxConfig(ports, tls)),
    ],
    version: () => versionOf("nginx", "-v"),
  };
}

export function nginxConfig({ port, backendPort }: Ports, tls?: TlsFiles): string {
  const certificate = tls ? `\n    ssl_certificate ${tls.cert};\n    ssl_certificate_key ${tls.key};` : "";
  const protocols = tls ? "\n    ssl_protocols TLSv1.2 TLSv1.3;" : "";
  return `load_module ${NGINX_STREAM};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${join(product("settings"), `${port}-nginx.pid`)};
error_log stderr error;
events { worker_connections 20000; }
stream {
  server {
    listen 127.0.0.1:${port}${tls ? " ssl" : ""};${certificate}${protocols}
    proxy_pass 127.0.0.1:${backendPort};
  }
}
`;
}
