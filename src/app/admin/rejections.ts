import { type Log, occasionally } from "../../base/mod.ts";
import { errorResponse } from "./response.ts";

/** The host names of strangers that may appear in a log line and on a page. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i;
const LOG_EVERY_MS = 60_000;

/**
 * Responses for requests that are rejected because of a host name or a proxy. Both are for the owner to fix: the response says
 * how, and so does the log.
 */
export class Rejections {
  readonly #log: Log;
  readonly #loggers = new Map<string, { fields: Record<string, string>; readonly log: () => void }>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The Host header is not an allowed name. */
  unknownHost(asked: string, peer: string): Response {
    const host = nameIn(asked);
    // No configuration could allow it.
    if (host === undefined) return errorResponse(421, "not served under this name");
    const fix = `dashboard: { names: [${host}] }`;
    this.#logSometimes("unknown-host", { host, peer, fix });
    const hint = `to serve it under this name, write \`${fix}\` into tenk.yaml; without that, open it by its address`;
    return errorResponse(421, `this box is not served under the name ${host}`, hint);
  }

  /** Origin and Host differ: the request comes from another site's page, or through a proxy that does not pass Host on. */
  otherOrigin(headers: Headers, peer: string): Response {
    if (headers.get("origin") === "null")
      return errorResponse(403, "the browser does not say whose page sent this", NULL_HINT);
    const [origin, host] = [nameIn(headers.get("origin") ?? ""), nameIn(headers.get("host") ?? "")];
    if (origin === undefined || host === undefined) return errorResponse(403, "cross-site request refused");
    const fix = `in the proxy: proxy_set_header Host $http_host; and in tenk.yaml: dashboard: { names: [${origin}] }`;
    this.#logSometimes("cross-origin", { origin, host, peer, fix });
    const hint =
      "if a proxy is in between, it does not pass on the name that you opened: have it send the line " +
      `\`proxy_set_header Host $http_host;\` (nginx), and write \`dashboard: { names: [${origin}] }\` into tenk.yaml; or ` +
      `trust it as it is: \`dashboard: { proxies: [${peer}], names: [${origin}] }\``;
    return errorResponse(403, `the request comes from a page of ${origin}, but asks for ${host}`, hint);
  }

  /** Logs the first of each reason at once, later ones once a minute. */
  #logSometimes(reason: string, fields: Record<string, string>): void {
    let logger = this.#loggers.get(reason);
    if (logger === undefined) {
      const made = {
        fields,
        log: occasionally((count) => {
          this.#log.warn("request rejected", { reason, ...made.fields, count });
        }, LOG_EVERY_MS),
      };
      this.#loggers.set(reason, made);
      logger = made;
    }
    logger.fields = fields;
    logger.log();
  }
}

const NULL_HINT =
  "if a proxy in between sets `Referrer-Policy: no-referrer`, have it leave that out: browsers then keep a form's origin to themselves";

/** Returns what to do when an unknown folder is the path at which a proxy serves us; undefined for other paths. */
export function basePathHint(path: string): string | undefined {
  if (!/^\/[\w.~/-]{1,100}\/$/.test(path)) return undefined;
  return (
    `if a proxy serves this instance below ${path}, have it take the path away (nginx: \`proxy_pass http://127.0.0.1:9190/;\`, ` +
    `with the slash at its end), or write \`dashboard: { basePath: ${path} }\` into tenk.yaml`
  );
}

/** Returns the name in a Host or Origin header, in lower case; undefined when it is none that a configuration can have. */
function nameIn(hostOrOrigin: string): string | undefined {
  const [, name = "", port = "0"] = /^(?:https?:\/\/)?([^:/]*)(?::(\d{1,5}))?$/i.exec(hostOrOrigin) ?? [];
  return NAME.test(name) && Number(port) <= 65_535 ? name.toLowerCase() : undefined;
}
