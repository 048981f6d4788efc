import { createSocket, type Socket } from "node:dgram";
import { pathToFileURL } from "node:url";
import type { LoadConnection, LoopProtocol, Protocol, Transport, TransportEvents } from "../../src/load/loop/mod.ts";
import { byAnyChunk, compileMessages } from "../../src/load/message/mod.ts";
import { type LoadOptions, type LoadPlan, planLoad } from "../../src/load/plan/mod.ts";

/** A protocol that is not TCP: each message is one datagram, and each datagram that comes back answers one. */
export const datagrams: Protocol<LoadPlan> = {
  onLoop: (plan) => ({ source: sourceOf(), replies: byAnyChunk(), stop: undefined, openTransport: openerOf(plan) }),
  workerProgram: pathToFileURL(`${import.meta.dirname}/datagram-worker.ts`).href,
};

export function planDatagrams(options: LoadOptions): LoadPlan {
  const { constantLengthBytes: lengthBytes } = sourceOf();
  return planLoad(options, { kind: "datagram", sends: true, preview: "query", answersTold: true, lengthBytes });
}

function sourceOf(): ReturnType<typeof compileMessages> {
  const parts = [{ kind: "text", text: "query", first: false, unescape: false }] as const;
  return compileMessages({ parts, random: Math.random });
}

function openerOf({ host, port }: LoadPlan): LoopProtocol["openTransport"] {
  return (events): Transport => {
    let bytesSent = 0;
    const count = (bytes: number) => {
      bytesSent += bytes;
    };
    return {
      connect: (slot) =>
        new Promise<void>((resolve, reject) => {
          const socket = createSocket("udp4");
          socket.once("error", reject);
          socket.connect(port ?? 0, host, () => {
            events.open(new DatagramConnection(socket, slot, events, count));
            resolve();
          });
        }),
      causeOf: (error) => `connect ${(error as { code?: string }).code ?? "failed"}`,
      readBytesSent: () => bytesSent,
      readAddresses: () => ({}),
    };
  };
}

class DatagramConnection implements LoadConnection {
  data: number;
  readonly queuedBytes = 0;
  bytesWritten = 0;
  readonly #socket: Socket;
  readonly #events: TransportEvents;
  readonly #count: (bytes: number) => void;
  #isOpen = true;

  constructor(socket: Socket, slot: number, events: TransportEvents, count: (bytes: number) => void) {
    this.data = slot;
    this.#socket = socket;
    this.#events = events;
    this.#count = count;
    socket.on("message", (bytes) => events.chunk(this, bytes));
    socket.on("error", () => this.#shut("reset"));
  }

  write(bytes: Uint8Array): number {
    if (!this.#isOpen) return 0;
    this.#socket.send(new Uint8Array(bytes));
    this.bytesWritten += bytes.length;
    this.#count(bytes.length);
    return bytes.length;
  }

  end(): void {
    this.#shut("ended");
  }

  close(): void {
    this.#shut("closed");
  }

  #shut(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.close();
    this.#events.close(this, reason);
  }
}
