/** Caddy's short names of placeholders, and the long ones. */
const LONG: Readonly<Record<string, string>> = {
  host: "http.request.host",
  hostport: "http.request.hostport",
  port: "http.request.port",
  method: "http.request.method",
  path: "http.request.uri.path",
  query: "http.request.uri.query",
  uri: "http.request.uri",
  scheme: "http.request.scheme",
  remote_host: "http.request.remote.host",
  remote_port: "http.request.remote.port",
};

/** Placeholders that services know. */
export const KNOWN_PLACEHOLDERS: readonly string[] = [
  ...Object.values(LONG),
  "http.request.proto",
  "http.request.tls.server_name",
  "system.arch",
  "system.hostname",
  "system.os",
  "time.now",
  "time.now.http",
  "time.now.unix",
  "time.now.unix_ms",
  "time.now.year",
];

/**
 * Writes placeholders by their long names: `{uri}` becomes `{http.request.uri}`.
 *
 * @returns undefined where the text has one that tenk does not know, such as `{env.NAME}`
 */
export function withLongPlaceholders(text: string): string | undefined {
  let isKnown = true;
  const long = text.replace(/\{([a-z][\w.-]*)\}/gi, (_, name: string) => {
    const full = Object.hasOwn(LONG, name) ? (LONG[name] as string) : name;
    if (!KNOWN_PLACEHOLDERS.includes(full)) isKnown = false;
    return `{${full}}`;
  });
  return isKnown ? long : undefined;
}
