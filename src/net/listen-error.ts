import { isIP } from "node:net";
import { messageOf, systemCodeOf, TenkError } from "../base/mod.ts";
import { pathProblem } from "./path-problem.ts";
import type { ListenOptions } from "./types.ts";

/** Where a listener listens, as people write it: `127.0.0.1:9091`, `[::1]:9091`, `unix:/run/x.sock`. */
export function addressText(options: {
  host?: string | undefined;
  port?: number | undefined;
  path?: string | undefined;
}): string {
  if (options.path !== undefined) return `unix:${options.path.replace("\0", "@")}`;
  const host = options.host ?? "0.0.0.0";
  return `${host.includes(":") ? `[${host}]` : host}:${options.port ?? 0}`;
}

/** Says why a listener could not be opened, and what to do. */
export function listenError(error: unknown, options: ListenOptions): TenkError {
  const at = addressText(options);
  const cause = { cause: error };
  const problem = options.path === undefined ? undefined : pathProblem(options.path);
  if (problem !== undefined) {
    const code = systemCodeOf(error) === "EACCES" ? "permission-denied" : "address-unavailable";
    return new TenkError(code, `Cannot listen on ${at}: ${problem}`, {
      ...cause,
      hint: "choose a path for a new file, in a directory that is there",
    });
  }
  switch (systemCodeOf(error)) {
    case "EADDRINUSE":
      return new TenkError("port-in-use", `Cannot listen on ${at}: it is in use`, {
        ...cause,
        hint: `stop the other program or choose another ${options.path === undefined ? "port" : "path"}`,
      });
    case "EACCES":
    case "EPERM":
      return new TenkError("permission-denied", `Cannot listen on ${at}: not permitted`, {
        ...cause,
        hint:
          options.path === undefined
            ? "ports below 1024 need CAP_NET_BIND_SERVICE"
            : "may this user write to its directory?",
      });
    case "EADDRNOTAVAIL":
      return new TenkError("address-unavailable", `Cannot listen on ${at}: this machine has no such address`, cause);
    case "EMFILE":
    case "ENFILE":
      return new TenkError("descriptors-exhausted", `Cannot listen on ${at}: no file descriptor is free`, {
        ...cause,
        hint: "raise ulimit -n",
      });
    default:
      return isNameless(error, options)
        ? new TenkError("address-unavailable", `Cannot listen on ${at}: the name ${options.host} has no address`, {
            ...cause,
            hint: "an address of this machine, or 0.0.0.0 for all of them",
          })
        : new TenkError("address-unavailable", `Cannot listen on ${at}: ${messageOf(error)}`, cause);
  }
}

/** Of a name without an address the runtime tells no cause. */
function isNameless(error: unknown, { path, host }: ListenOptions): boolean {
  return systemCodeOf(error) === undefined && path === undefined && host !== undefined && isIP(host) === 0;
}
