import { isPublic } from "../../certificates/mod.ts";
import type { DohEntry } from "../../part/mod.ts";
import { DOH_PATH } from "../listeners/mod.ts";
import { houseAddresses, type SetupFacts } from "../setup-page/mod.ts";
import { nameForOthers } from "./designated-resolvers.ts";
import type { DnsListeners } from "./listeners.ts";
import type { ServerSettings } from "./settings.ts";

const HTTPS_PORT = 443;

/** Returns how people are told to reach this resolver: by what runs. */
export function setupFacts(settings: ServerSettings, listeners: DnsListeners, entry: DohEntry | undefined): SetupFacts {
  const tls = listeners.streams.find(({ name }) => name === "tls");
  const name = nameForOthers(settings);
  const port = entry?.port === HTTPS_PORT ? "" : `:${entry?.port}`;
  return {
    addresses: houseAddresses(),
    port: listeners.port,
    name: name ?? "localhost",
    tls: tls && name !== undefined ? { name, port: tls.server.port } : undefined,
    template: entry && `https://${entry.name}${port}${DOH_PATH}`,
    isPublic: isPublic(entry?.name ?? name ?? "localhost", settings.localDomains),
  };
}
