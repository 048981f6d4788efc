import { isHttpKind, kindOf } from "./kind.ts";
import type { WrittenService } from "./schema.ts";

const SQL_KINDS = ["postgres", "mysql", "mariadb"];
/** Keys that have a meaning for some kinds alone. */
const FOR_HTTP = ["path", "method", "status", "header", "body", "notBody", "json", "headers", "maxBody"] as const;
const FOR_REDIRECTS = ["redirects", "maxRedirects", "tokenFile", "tokenEnv"] as const;
const FOR_SQL = ["database", "query", "expect"] as const;
/** Ways to prove who asks, of which one is enough. */
const SECRETS = ["passwordFile", "passwordEnv", "tokenFile", "tokenEnv"] as const;

/** Finds settings of `probe` that contradict each other, or would be ignored. */
export function probeProblems(service: WrittenService, refuse: (path: string[], message: string) => void): void {
  const { probe } = service;
  if (typeof probe !== "object") return;
  const kind = kindOf(service);
  const isHttp = isHttpKind(kind);
  const only = (keys: readonly (keyof typeof probe)[], fits: boolean, where: string) => {
    for (const key of keys)
      if (probe[key] !== undefined && !fits)
        refuse(["probe", key], `expected only where ${where}, but its kind is ${kind}`);
  };
  only([...FOR_HTTP, ...FOR_REDIRECTS], isHttp, "it is asked by HTTP");
  only(FOR_SQL, SQL_KINDS.includes(kind), `its kind is one of ${SQL_KINDS.join(", ")}`);
  only(["answer"], kind === "dns", "its kind is dns");
  only(["maxAge"], kind === "file" || kind === "systemd", "its kind is file or systemd");
  only(["every", "schedule", "timeZone", "grace", "maxRun"], kind === "push", "its kind is push");
  if (probe.every !== undefined && probe.schedule !== undefined)
    refuse(["probe", "schedule"], "expected either every or schedule");
  if (probe.timeZone !== undefined && probe.schedule === undefined)
    refuse(["probe", "timeZone"], "expected together with schedule");
  only(["minSize"], kind === "file", "its kind is file");
  only(["recognize"], kind === "tcp", "its kind is tcp");
  if (probe.expect !== undefined && probe.query === undefined)
    refuse(["probe", "expect"], "expected together with query");
  if (probe.method === "HEAD" && (probe.body ?? probe.notBody ?? probe.json) !== undefined)
    refuse(["probe", "method"], "expected GET: an answer to HEAD has no body");
  const [first, ...more] = SECRETS.filter((key) => probe[key] !== undefined);
  for (const key of more) refuse(["probe", key], `expected one of ${SECRETS.join(", ")}: there is ${first} already`);
  if (probe.user !== undefined && first?.startsWith("token"))
    refuse(["probe", "user"], `expected without ${first}, which needs no user`);
}
