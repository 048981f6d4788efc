import type { LoadSnapshot } from "../load/mod.ts";
import { type LiveHistory, liveFrame, plainLine } from "./live-frame.ts";
import { paintsFor, type Terminal } from "./terminal.ts";

/** Shows a run while it runs. */
export interface LiveView extends Disposable {
  /** Call it about four times a second. */
  show(snapshot: LoadSnapshot): void;
}

const HISTORY = 120; // half a minute at four a second

export interface LiveOptions {
  readonly title: string;
  /** Shown in the first line; empty where there is no keyboard. */
  readonly keys: string;
  /** Redraw a block in place where there is a terminal to do it on. */
  readonly live: boolean;
}

/** A block that is redrawn in place on a terminal; one line a second anywhere else, or where that is wanted. */
export function liveView(terminal: Terminal, { title, keys, live }: LiveOptions): LiveView {
  return live && terminal.isLive ? drawnView(terminal, title, keys) : writtenView(terminal);
}

function drawnView(terminal: Terminal, title: string, keys: string): LiveView {
  const history = { sentPerSecond: [] as number[], receivedPerSecond: [] as number[], p99Us: [] as number[] };
  const paints = paintsFor(terminal.screen);
  return {
    show(snapshot) {
      remember(history, snapshot);
      terminal.pin(liveFrame({ title, snapshot, history, width: terminal.columns, paints, keys }));
    },
    [Symbol.dispose]: () => terminal.unpin(),
  };
}

/** Adds a snapshot to the sparklines. Latency is that of its last second, or one stall would look permanent. */
export function remember(history: Record<keyof LiveHistory, number[]>, snapshot: LoadSnapshot): void {
  const { messages, lastSecondUs } = snapshot;
  history.sentPerSecond.push(messages.perSecondSent);
  history.receivedPerSecond.push(messages.perSecondReceived);
  history.p99Us.push(lastSecondUs.p99);
  if (history.p99Us.length > HISTORY) for (const values of Object.values(history)) values.shift();
}

function writtenView(terminal: Terminal): LiveView {
  let nextMs = 0;
  let lastMs = 0;
  return {
    show(snapshot) {
      if (snapshot.elapsedMs < lastMs) nextMs = 0; // the next run of a search
      lastMs = snapshot.elapsedMs;
      if (snapshot.elapsedMs < nextMs) return;
      nextMs = Math.floor(snapshot.elapsedMs / 1000) * 1000 + 1000;
      terminal.line(plainLine(snapshot));
    },
    [Symbol.dispose]: () => undefined,
  };
}
