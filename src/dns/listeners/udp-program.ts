/** Answers DNS over UDP on a blocking thread. Loaded by the threads of `net/udp`, never imported. */
import { copyPeerIp, type DatagramView, type ServeDatagrams } from "../../net/mod.ts";
import { type Asker, MISS } from "../chain/mod.ts";
import { SourceGuard } from "../guard/mod.ts";
import { type ChainSettings, chainOf } from "./chain-settings.ts";
import { HandedOver, LOG_HALF_FULL } from "./handed-over.ts";

const IP_BYTES = 16;

export const serve: ServeDatagrams = (start, { index, post }) => {
  const settings = start as ChainSettings;
  const guard = new SourceGuard(settings.guard, post);
  let { chain, blocker, log } = chainOf(settings, guard, index);
  const asker: Asker = { ip: new Uint8Array(IP_BYTES), isDatagram: true, nowMs: 0 };

  function datagram(view: DatagramView): number {
    const { bytes, from, length, out, to, room } = view;
    copyPeerIp(view.peers, view.peerAt, asker.ip, 0);
    asker.nowMs = view.nowMs;
    const answered = chain.answer(bytes, from, from + length, out, to, room, asker);
    if (answered === MISS) {
      // If there is no room the query is dropped, and the client retries: SERVFAIL would send it to another resolver.
      view.handOver(HandedOver.miss);
      return 0;
    }
    if (chain.wantsRefresh) view.handOver(HandedOver.refresh);
    return answered;
  }

  return {
    datagram,
    batchBegins: () => blocker.enter(),
    batchEnds() {
      blocker.leave();
      if (log?.needsCall()) post(LOG_HALF_FULL);
    },
    // Settings that changed. Messages are taken between batches, when this thread reads no block lists.
    message(next) {
      guard.update((next as ChainSettings).guard);
      ({ chain, blocker, log } = chainOf(next as ChainSettings, guard, index, blocker));
    },
  };
};
