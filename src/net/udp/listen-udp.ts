import { TenkError } from "../../base/mod.ts";
import { addAcceptor, claim, isAcceptingPaused, release, shareOf } from "../inherit/mod.ts";
import { addressText } from "../listen-error.ts";
import { type UdpCounts, UdpRows } from "./counts.ts";
import { adoptSocket, type OpenSocket, openSocket } from "./open.ts";
import { type Asker, DatagramSender } from "./sender.ts";
import type { UdpThread } from "./udp-thread.ts";
import { UdpWorker } from "./worker.ts";

export interface UdpOptions {
  /** In the log. @default {"udp"} */
  readonly name?: string;
  /** Addresses of this machine. @default {all, IPv4 and IPv6} */
  readonly hosts?: readonly string[];
  /** 0 = a free one. */
  readonly port: number;
  /** Threads, which share the port by SO_REUSEPORT. @default {1} */
  readonly workers?: number;
  /** What its handler is made with, asked for at each start of a thread; it is copied. */
  readonly start?: () => unknown;
  /** Datagrams of one system call. @default {32} */
  readonly batchSize?: number;
  /** Room of one answer. @default {1536} */
  readonly outBytes?: number;
  /** What the kernel keeps while all threads are busy. @default {4 MiB} */
  readonly receiveBufferBytes?: number;
  /** Room for datagrams that a worker hands over. @default {256 KiB} */
  readonly handOverBytes?: number;
  /** A thread that has loaded the module already, for the first worker. @default {none} */
  readonly thread?: UdpThread;
  /** A worker posted a message. */
  readonly message?: (message: unknown, worker: number) => void;
  /** A worker handed a datagram over. Its bytes are borrowed, `asker` may be kept. */
  readonly handedOver?: (bytes: Uint8Array, asker: Asker, note: number) => void;
}

export interface UdpServer {
  readonly port: number;
  /** `0.0.0.0:53`, or the first of its addresses. */
  readonly address: string;
  readonly workers: number;
  counts(): UdpCounts;
  /** Sends a message to the handler of every worker. */
  post(message: unknown): void;
  /** Answers later. @returns whether the kernel took it */
  answer(asker: Asker, bytes: Uint8Array, length: number): boolean;
  stop(): Promise<void>;
}

const DEFAULTS = {
  workers: 1,
  batchSize: 32,
  outBytes: 1536,
  receiveBufferBytes: 4 * 1024 * 1024,
  handOverBytes: 256 * 1024,
};
const MAX_WORKERS = 64;

/**
 * Opens a port for datagrams, and answers them on threads of their own.
 *
 * ```text
 *   datagrams ─► worker: poll, recvmmsg ─► serve(…).datagram ─► sendmmsg ─► answers, from the address that was asked
 *                                               └─ handOver() ═══► handedOver ─► … ─► server.answer(asker, …)
 * ```
 *
 * @param module a file that exports `serve`
 * @throws {TenkError} `port-in-use`, `permission-denied`, `address-unavailable`, `descriptors-exhausted`, `invalid-option`
 */
export async function listenUdp(module: URL, options: UdpOptions): Promise<UdpServer> {
  const { workers, batchSize, outBytes, receiveBufferBytes, handOverBytes } = { ...DEFAULTS, ...options };
  if (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS)
    throw new TenkError("invalid-option", `Cannot use workers as it must be 1 to ${MAX_WORKERS}: it is ${workers}`);
  const { name = "udp", hosts, start = () => undefined } = options;
  const sockets = openAll(hosts ?? [undefined], { port: options.port, workers, receiveBufferBytes });
  const rows = new UdpRows(workers);
  const sender = new DatagramSender(outBytes);
  const group = sockets.map(
    (own, index): UdpWorker =>
      new UdpWorker({
        name,
        module: module.href,
        start,
        index,
        workers,
        batchSize,
        outBytes,
        handOverBytes,
        sockets: own.map(({ descriptor }) => descriptor),
        rows: rows.buffer as SharedArrayBuffer,
        ...(index === 0 && { thread: options.thread }),
        posted: (message) => options.message?.(message, index),
        called: () => drain(group[index]!, own),
      }),
  );

  const setPaused = async (isPaused: boolean) => {
    for (const worker of group) worker.setPaused(isPaused);
  };
  if (isAcceptingPaused()) void setPaused(true);
  const port = sockets[0]![0]!.port;
  const leaveAcceptors = addAcceptor({
    addresses: (hosts ?? [undefined]).map((host) => ({ kind: "udp", host, port })),
    pause: () => setPaused(true),
    resume: () => setPaused(false),
  });

  function drain(worker: UdpWorker, own: readonly OpenSocket[]): void {
    worker.handOver.drain(({ socket, note, peer, control, bytes }) => {
      const { descriptor } = own[socket]!;
      options.handedOver?.(bytes, { descriptor, peer: peer.slice(), control: control.slice() }, note);
    });
  }

  async function stop(): Promise<void> {
    leaveAcceptors();
    await Promise.all(group.map((worker) => worker.stop()));
    release(new Set(sockets.flat().map((each) => each.descriptor)));
  }

  try {
    // One after the other: several threads that start at once have crashed the runtime.
    for (const worker of group) await worker.start();
  } catch (error) {
    await stop();
    throw error;
  }
  let stopped: Promise<void> | undefined;
  return {
    port,
    workers,
    address: addressText({ host: hosts?.[0] ?? "::", port }),
    counts: () => rows.read(),
    post: (message) => {
      for (const worker of group) worker.post(message);
    },
    answer: (asker, bytes, length) => stopped === undefined && sender.send(asker, bytes, length),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** A socket of each host for each worker, all on one port: those that this process was started with, or else new ones. */
function openAll(
  hosts: readonly (string | undefined)[],
  { port, workers, receiveBufferBytes }: { port: number; workers: number; receiveBufferBytes: number },
): OpenSocket[][] {
  const opened: OpenSocket[][] = [];
  let chosen = port;
  const inherited = hosts.map((host) => claim("udp", { host, port }));
  try {
    for (let worker = 0; worker < workers; worker++) {
      const own: OpenSocket[] = [];
      opened.push(own);
      for (const [index, host] of hosts.entries()) {
        const share = shareOf(inherited[index]!, worker, workers);
        own.push(...share.map((descriptor) => adoptSocket(descriptor, receiveBufferBytes)));
        if (share.length > 0) continue;
        const socket = openSocket({ host, port: chosen, reusePort: workers > 1, receiveBufferBytes });
        own.push(socket);
        chosen = socket.port;
      }
    }
    return opened;
  } catch (error) {
    release(new Set([...inherited.flat(), ...opened.flat().map((each) => each.descriptor)]));
    throw error;
  }
}
