import { refuse } from "../plan/mod.ts";

/** Where connections go. */
export interface Origin {
  /** A name or an address, of IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const RULE = /^(\[[^\]]*\]|[^:[\]]*):(\d*):(\[[^\]]*\]|[^:[\]]*):(\d*)$/;

/**
 * Finds where to connect instead of the URL's host and port, in curl's words: `HOST:PORT:HOST2:PORT2`. An empty first part stands for any,
 * an empty second one for the URL's own. The first rule that fits is taken.
 *
 * @throws {TenkError} `usage` for what is no rule, and where none fits
 * @example
 * connectTo(["a.example:443:127.0.0.1:8443"], { host: "a.example", port: 443 }); // { host: "127.0.0.1", port: 8443 }
 * connectTo(["::[::1]:"], { host: "a.example", port: 443 }); // { host: "::1", port: 443 }
 */
export function connectTo(rules: readonly string[], url: Origin): Origin {
  if (rules.length === 0) return url;
  const found = rules.map(parse).find(([from]) => isFor(from, url));
  if (found === undefined) {
    refuse(`${rules.join(", ")} is not for the URL's ${shown(url)}`, `for example ${shown(url)}:127.0.0.1:${url.port}`);
  }
  const [, { host, port }] = found;
  return { host: host || url.host, port: port || url.port };
}

/** Empty, or 0, where a rule leaves something out. */
function parse(rule: string): [from: Origin, to: Origin] {
  const [whole, host = "", port, otherHost = "", otherPort] = RULE.exec(rule) ?? [];
  const ports = [Number(port), Number(otherPort)] as const;
  if (whole === undefined || ports.some((each) => each > 65_535))
    refuse(`"${rule}" does not say where to connect`, "HOST:PORT:HOST2:PORT2, as in curl");
  const bare = (name: string) => name.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return [
    { host: bare(host), port: ports[0] },
    { host: bare(otherHost), port: ports[1] },
  ];
}

function isFor(from: Origin, { host, port }: Origin): boolean {
  return (from.host === "" || from.host === host.toLowerCase()) && (from.port === 0 || from.port === port);
}

function shown({ host, port }: Origin): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
