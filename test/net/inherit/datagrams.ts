import type { ServeDatagrams } from "../../../src/net/udp/mod.ts";

/** Tells which process answers. */
export const serve: ServeDatagrams = () => ({
  datagram(view) {
    const bytes = Buffer.from(`${process.pid}`);
    view.out.set(bytes, view.to);
    return bytes.length;
  },
});
