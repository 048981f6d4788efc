import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server, type Socket as TcpSocket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** A query as a server got it. */
export interface Asked {
  readonly bytes: Buffer;
  readonly transport: "udp" | "tcp";
  /** Port that it came from. */
  readonly port: number;
  /** Sends bytes back, as often as it is called; by TCP with their length in front. */
  readonly reply: (bytes: Uint8Array) => void;
  /** Sends them from another port; by UDP. */
  readonly replyFromElsewhere: (bytes: Uint8Array) => void;
  readonly socket: TcpSocket | undefined;
}

/** A name server, on one port by UDP and TCP or TLS, that does whatever a test wants with what it is asked. */
export class FakeServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  connections = 0;
  readonly #udp: Socket;
  readonly #other: Socket;
  readonly #tcp: Server;
  readonly #sockets = new Set<TcpSocket>();
  #answer: (asked: Asked) => void;

  private constructor(udp: Socket, other: Socket, tcp: Server, answer: (asked: Asked) => void, isTls: boolean) {
    this.#udp = udp;
    this.#other = other;
    this.#tcp = tcp;
    this.#answer = answer;
    udp.on("message", (bytes, { port, address }) => {
      const send = (from: Socket) => (reply: Uint8Array) => from.send(reply, port, address);
      this.#got({
        bytes,
        transport: "udp",
        port,
        reply: send(udp),
        replyFromElsewhere: send(other),
        socket: undefined,
      });
    });
    tcp.on(isTls ? "secureConnection" : "connection", (socket) => this.#connected(socket));
  }

  static async open(answer: (asked: Asked) => void, tls?: TlsOptions, port = 0): Promise<FakeServer> {
    for (;;) {
      const [udp, other, tcp] = [
        createSocket("udp4"),
        createSocket("udp4"),
        tls === undefined ? createServer() : createTlsServer(tls),
      ];
      await new Promise<void>((resolve) => udp.bind(port, "127.0.0.1", resolve));
      await new Promise<void>((resolve) => other.bind(0, "127.0.0.1", resolve));
      const { port: bound } = udp.address();
      const isFree = await new Promise<boolean>((resolve) => {
        tcp.once("error", () => resolve(false));
        tcp.listen(bound, "127.0.0.1", () => resolve(true));
      });
      if (isFree) return new FakeServer(udp, other, tcp, answer, tls !== undefined);
      udp.close();
      other.close();
    }
  }

  get port(): number {
    return this.#udp.address().port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get count(): number {
    return this.asked.length;
  }

  /** From now on. */
  answer(answer: (asked: Asked) => void): void {
    this.#answer = answer;
  }

  #got(asked: Asked): void {
    this.asked.push(asked);
    this.#answer(asked);
  }

  #connected(socket: TcpSocket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket)).on("error", () => {});
    let kept = Buffer.alloc(0);
    const reply = (bytes: Uint8Array) => socket.write(Buffer.concat([lengthOf(bytes), bytes]));
    socket.on("data", (chunk: Buffer) => {
      kept = Buffer.concat([kept, chunk]);
      while (kept.length >= 2 && kept.length >= 2 + kept.readUInt16BE()) {
        const bytes = Buffer.from(kept.subarray(2, 2 + kept.readUInt16BE()));
        kept = kept.subarray(2 + bytes.length);
        this.#got({ bytes, transport: "tcp", port: socket.remotePort!, reply, replyFromElsewhere: reply, socket });
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    this.#other.close();
    await new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
  }
}

function lengthOf(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return length;
}
