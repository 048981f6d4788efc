import type { ProxyHeader } from "../../wire/mod.ts";

/** How a connection came to be; most share one of two. */
export interface Origin {
  readonly secure: boolean;
  readonly proxy: ProxyHeader | undefined;
}

export const PLAIN: Origin = { secure: false, proxy: undefined };
export const SECURED: Origin = { secure: true, proxy: undefined };
