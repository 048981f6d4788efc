import { z } from "zod";
import { parseCount } from "../base/mod.ts";
import { HTTP_SERVER_DEFAULTS } from "../http/mod.ts";
import { handshakeFields, workers } from "../listener/mod.ts";
import { address, addresses, count, duration, inRange, list, quantity, section, size } from "../part/mod.ts";

const EXPECTED_ADDRESS = "expected auto, off, a port, host:port or unix:/path";

/** `auto` takes the usual port, or another one where that is not to be had. */
const listenAddress = z
  .union([z.literal("auto"), z.literal(["off", false]).transform(() => "off" as const), address("0.0.0.0")], {
    error: EXPECTED_ADDRESS,
  })
  .default("auto");

const http = HTTP_SERVER_DEFAULTS;

const proxy = section({
  https: listenAddress,
  http: listenAddress,
  names: list("names of this machine such as box.home.arpa").optional(),
  trustedProxies: addresses.optional(),
  workers: workers.default("auto"),
  timeouts: section({
    head: duration.default(http.headTimeoutMs),
    body: duration.default(http.bodyTimeoutMs),
    keepAlive: duration.default(http.keepAliveMs),
  }).prefault({}),
  limits: section({
    head: size.default(http.maxHeadBytes),
    fields: quantity("a number from 1 to 1000", (given) => inRange(parseCount(given), 1, 1000)).default(http.maxFields),
    connections: count.default(0),
    perAddress: count.default(0),
  }).prefault({}),
  tls: section(handshakeFields).prefault({}),
});

/** The `proxy:` section; undefined where it is off. */
export const PROXY_SCHEMA = z
  .preprocess((value) => (value === false || value === "off" ? undefined : (value ?? undefined)), proxy.optional())
  .prefault({});

export type ProxyConfig = NonNullable<z.output<typeof PROXY_SCHEMA>>;
