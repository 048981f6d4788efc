import { resolve } from "node:path";
import {
  type Circumstances,
  type Difference,
  handshakeOptions,
  isSame,
  optionsDifference,
} from "../../listener/mod.ts";
import type { ServerTlsOptions } from "../../net/mod.ts";
import type { Service } from "../../part/mod.ts";
import type { ProxyConfig } from "../config.ts";
import type { ProxyOptions } from "../handler/mod.ts";
import { ownNames, type ProxyListener, type ProxySettings } from "./desired.ts";

/** What the machine says of itself where no service has the name: that it works, and what it got. */
const OWN_BODY = [
  "{time.now}",
  "{system.hostname}: {system.os}/{system.arch}",
  "{http.request.proto} {http.request.method} {http.request.uri}",
  "",
].join("\n");

interface Now extends Circumstances {
  readonly challenges: Readonly<Record<string, string>>;
}

/** Returns a listener with certificates, responses to challenges, and the port that redirects lead to. */
export function completed(listener: ProxyListener, { certificates, challenges, ports }: Now): ProxyListener {
  const { name, settings } = listener;
  const { config } = settings;
  const redirectToPort = name === "http" && config.https !== "off" ? ports.get("https") || 443 : undefined;
  const options = {
    ...listener.options,
    handlerOptions: handlerOptions(settings, challenges, redirectToPort),
    ...(name === "https" && certificates && { tls: tlsOptions(config, certificates) }),
  };
  return { ...listener, options };
}

/** @param redirectToPort of the HTTPS listener, for the plain one; undefined without redirects */
export function handlerOptions(
  settings: ProxySettings,
  challenges: Now["challenges"],
  redirectToPort: number | undefined,
): ProxyOptions {
  const { config, services, folder, slots, pages } = settings;
  const { timeouts, limits } = config;
  return {
    services: services.filter(({ http }) => http !== undefined).map((each) => withAbsoluteFolder(each, folder)),
    own: { hosts: ownNames(settings), body: OWN_BODY, pages },
    ...(redirectToPort !== undefined && { redirectToPort }),
    trustedProxies: config.trustedProxies ?? [],
    challenges,
    slots,
    server: {
      headTimeoutMs: timeouts.head,
      bodyTimeoutMs: timeouts.body,
      keepAliveMs: timeouts.keepAlive,
      maxHeadBytes: limits.head,
      maxFields: limits.fields,
    },
  };
}

function withAbsoluteFolder(service: Service, folder: string): Service {
  const { http } = service;
  if (http?.answer.type !== "files") return service;
  const files = { ...http.answer.files, folder: resolve(folder, http.answer.files.folder) };
  return { ...service, http: { ...http, answer: { type: "files", files } } };
}

function tlsOptions({ tls }: ProxyConfig, certificates: NonNullable<Now["certificates"]>): ServerTlsOptions {
  return {
    ...certificates,
    alpn: ["h2", "http/1.1"],
    // A client that offers only other protocols speaks HTTP/1.1 most of the time.
    alpnMismatch: "continue",
    ...handshakeOptions(tls),
  };
}

/** Compares two listeners of one address: all that their handlers are given can change while they run. */
export function differenceOf(before: ProxyListener, after: ProxyListener): Difference {
  const common = optionsDifference(before, after);
  const [former, next] = [before, after].map(({ options }) => {
    const { services, own, trustedProxies, server, redirectToPort } = options.handlerOptions as ProxyOptions;
    return { services, names: own.hosts, trustedProxies, server, redirectToPort };
  });
  const differing = Object.keys(next!).filter((name) => {
    const key = name as keyof typeof next;
    return !isSame(former![key], next![key]);
  });
  return {
    restart: common.restart,
    // Also when the settings are the same: the files of a service may have changed.
    change: { ...common.change, handlerOptions: after.options.handlerOptions },
    changed: [...differing, ...common.changed],
  };
}
