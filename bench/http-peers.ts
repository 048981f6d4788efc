import { buildGo, product, settingsFile, tenkCommand, tenkVersion } from "./build.ts";
import { caddyfile, type HttpSettings, haproxyHttp, nginxHttp, tenkHttp } from "./http-settings.ts";
import { isInstalled, versionOf } from "./process.ts";
import { TLS_FILES } from "./proxies.ts";
import type { Ports, Served } from "./stand.ts";

/** Suffix of those that use all processors, which they share with the client. */
export const ALL_CORES = "-all-cores";

/** Proxies with an access log: one worker each on a processor of its own, then the same with a worker for each processor. */
export const HTTP_PEERS: readonly Served[] = [false, true].flatMap((isSpread) => [
  tenk(isSpread),
  nginx("nginx", isSpread),
  ...(isSpread ? [] : [nginx("nginx-buffers", isSpread)]),
  haproxy(isSpread),
  caddy("caddy", ["caddy"], isSpread),
  caddy("caddy-new", [product("caddy-peer")], isSpread),
]);

function named(name: string, isSpread: boolean) {
  return { name: isSpread ? `${name}${ALL_CORES}` : name, isSpread };
}

function settings({ port, tlsPort, backendPort }: Ports, isSpread: boolean): HttpSettings {
  return { port, tlsPort, backendPort, isSpread, tls: TLS_FILES, folder: product("settings") };
}

function tenk(isSpread: boolean): Served {
  return {
    ...named("tenk", isSpread),
    prepare: () => undefined,
    command: (ports) => [
      ...[...tenkCommand(), "up", "--config"],
      settingsFile(ports.port, "http-tenk.yaml", JSON.stringify(tenkHttp(settings(ports, isSpread)))),
    ],
    version: tenkVersion,
  };
}

function nginx(name: "nginx" | "nginx-buffers", isSpread: boolean): Served {
  return {
    ...named(name, isSpread),
    prepare: () => (isInstalled("nginx") ? undefined : "nginx is not installed"),
    command(ports) {
      const text = nginxHttp(settings(ports, isSpread), name === "nginx-buffers");
      return ["nginx", "-e", "stderr", "-c", settingsFile(ports.port, "http-nginx.conf", text)];
    },
    version: () => versionOf("nginx", "-v"),
  };
}

function haproxy(isSpread: boolean): Served {
  return {
    ...named("haproxy", isSpread),
    prepare: () => (isInstalled("haproxy") ? undefined : "haproxy is not installed"),
    // It logs to its standard output, which must be a file: the benchmark would keep the lines of a pipe.
    command: (ports) => [
      ...["sh", "-c", 'exec haproxy -db -f "$0" >"$1"'],
      settingsFile(ports.port, "http-haproxy.cfg", haproxyHttp(settings(ports, isSpread))),
      settingsFile(ports.port, "access.log", ""),
    ],
    version: () => versionOf("haproxy", "-v").split(" - ")[0]!,
  };
}

function caddy(name: string, program: readonly string[], isSpread: boolean): Served {
  return {
    ...named(name, isSpread),
    prepare() {
      if (name === "caddy-new") return buildGo("caddy", "caddy-peer");
      return isInstalled("caddy") ? undefined : "caddy is not installed";
    },
    command: (ports) => [
      ...["env", `HOME=${product("settings")}`, ...program, "run", "--adapter", "caddyfile", "--config"],
      settingsFile(ports.port, `http-${name}.Caddyfile`, caddyfile(settings(ports, isSpread))),
    ],
    version: () => versionOf(...program, "version").split(" ")[0]!,
  };
}
