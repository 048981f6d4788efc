/** Answers DNS over UDP on a blocking thread. Loaded by the threads of `net/udp`, never imported. */
import { copyPeerIp, type DatagramView, type ServeDatagrams } from "../../net/mod.ts";
import { AnswerReader } from "../answers/mod.ts";
import { type Asker, CHAIN_COUNTS, Chain, MISS } from "../chain/mod.ts";
import { LocalNames } from "../local/mod.ts";
import { LogRing } from "../log/mod.ts";
import { SpecialNames } from "../special/mod.ts";
import { ListBlocker } from "./list-blocker.ts";
import { HandedOver, LOG_HALF_FULL, type UdpStart } from "./udp-start.ts";

const IP_BYTES = 16;

export const serve: ServeDatagrams = (start, { index, post }) => {
  const settings = start as UdpStart;
  const ring = settings.logs?.[index];
  const log = ring && new LogRing(ring);
  const blocker = new ListBlocker(settings.block, index);
  const chain = new Chain({
    guard: { refusal: () => undefined, isSilent: false, sawSpecial: () => undefined },
    special: new SpecialNames(settings),
    local: new LocalNames(settings.local),
    blocker,
    cache: new AnswerReader(settings.cache, settings.ages),
    counts: new Float64Array(settings.counts, index * CHAIN_COUNTS * 8, CHAIN_COUNTS),
    blockMode: settings.blockMode,
    blockTtlSeconds: settings.blockTtlSeconds,
    log,
  });
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
  };
};
