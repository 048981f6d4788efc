import type { ServeDatagrams } from "../../../src/net/udp/mod.ts";

/** Holds its thread for ever at the first datagram. */
export const serve: ServeDatagrams = () => ({
  datagram() {
    for (;;);
  },
});
