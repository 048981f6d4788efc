import { isIP } from "node:net";
import type { DohEntry } from "../../part/mod.ts";
import { DOH_PATH } from "../listeners/mod.ts";
import type { DesignatedResolver } from "../local/mod.ts";
import type { DnsListeners } from "./listeners.ts";
import type { ServerSettings } from "./settings.ts";

/** Returns how clients may ask with encryption: by what runs, under names that its certificates have. */
export function designatedResolvers(
  settings: ServerSettings,
  streams: DnsListeners["streams"],
  entry: DohEntry | undefined,
): DesignatedResolver[] {
  const tls = streams.find(({ name }) => name === "tls");
  const name = nameForOthers(settings);
  return [
    ...(tls === undefined || name === undefined
      ? []
      : [{ name, alpn: ["dot"], host: tls.server.host, port: tls.server.port }]),
    ...(entry === undefined ? [] : [{ ...entry, alpn: ["h2", "http/1.1"], dohPath: `${DOH_PATH}{?dns}` }]),
  ];
}

/** Returns the name of this machine's certificates by which others reach it: below its domain rather than `local`. */
export function nameForOthers({ certificateNames }: ServerSettings): string | undefined {
  const names = certificateNames.filter((name) => name !== "localhost" && isIP(name) === 0);
  return names.find((name) => !name.endsWith(".local")) ?? names[0];
}
