import { TenkError } from "../base/mod.ts";

/** Where a target listens, as `connect` takes it. */
export type TargetAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Reads `host:port`, `[::1]:port`, `unix:/path` or `unix:@name` (the abstract space).
 *
 * @throws {TenkError} `invalid-option`
 * @example
 * parseTargetAddress("[::1]:5432"); // { host: "::1", port: 5432 }
 * parseTargetAddress("unix:/run/app.sock"); // { path: "/run/app.sock" }
 */
export function parseTargetAddress(text: string): TargetAddress {
  const path = /^unix:(.+)$/.exec(text)?.[1];
  if (path !== undefined) return { path: path.replace(/^@/, "\0") };
  const parts = /^(?:\[([0-9a-fA-F:.]+(?:%\w+)?)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[3]);
  const host = parts?.[1] ?? parts?.[2];
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new TenkError("invalid-option", `Cannot use ${JSON.stringify(text)}: it is no address of a target`, {
    hint: 'write "127.0.0.1:5432", "db.home.arpa:5432", "[::1]:5432" or "unix:/run/app.sock"',
  });
}
