/** A site's address: `https://git.example.org:8443`. */
export interface SiteAddress {
  /** `*` for every name. */
  readonly host: string;
  readonly port: number | undefined;
  readonly isPlain: boolean;
}

/** @returns why it is none, where it is none */
export function parseSiteAddress(text: string): SiteAddress | string {
  const parts = /^(?:(https?):\/\/)?(\[[0-9a-fA-F:.]+\]|[^:/{}\s]*)(?::(\d{1,5}))?(\/.*)?$/.exec(text);
  if (parts === null) return "it is no address of a site";
  const [, scheme, host = "", port, path] = parts;
  if (path !== undefined && path !== "/") return "a site's address has no path: use handle";
  if (host.startsWith("[")) return "IPv6 addresses are no host of a service";
  const number = port === undefined ? undefined : Number(port);
  const isPlain = scheme === "http" || (scheme === undefined && number === 80);
  return { host: host === "" || host === "0.0.0.0" ? "*" : host.toLowerCase(), port: number, isPlain };
}

const MAX_PORTS = 100;

/**
 * Returns the URLs of one upstream of `reverse_proxy`; several for a range of ports.
 *
 * @returns why it is none, where it is none
 * @example
 * upstreamUrls(":8001-8002"); // ["http://localhost:8001", "http://localhost:8002"]
 */
export function upstreamUrls(text: string): string[] | string {
  const socket = /^unix\/(\/.+|@.+)$/.exec(text)?.[1];
  if (socket !== undefined) return [`unix:${socket}`];
  if (/^(unix\+h2c|fd|srv)/.test(text)) return "only HTTP/1.1, TLS and h2c:// are spoken to targets";
  const parts = /^(?:(https?|h2c):\/\/)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]*)(?::(\d{1,5})(?:-(\d{1,5}))?)?\/?$/.exec(
    text,
  );
  const host = parts?.[2] === "" ? "localhost" : parts?.[2];
  if (parts === null || host === undefined || text === "") return "it is no host:port or URL without a path";
  const [, scheme, , first, last] = parts;
  if (first === undefined)
    return scheme === undefined && parts[2] === "" ? "it is no host" : [`${scheme ?? "http"}://${host}`];
  const [from, to] = [Number(first), Number(last ?? first)];
  if (to < from || to - from >= MAX_PORTS || from < 1 || to > 65_535) return "its ports are out of range";
  return Array.from({ length: to - from + 1 }, (_, index) => `${scheme ?? "http"}://${host}:${from + index}`);
}
