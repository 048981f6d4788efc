import { createSocket, type Socket } from "node:dgram";

/** Sends datagrams to a port from a socket of its own, and hands out what comes back. */
export class Client implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #port: number;
  readonly #host: string;
  readonly #came: { text: string; from: string; bytes: Uint8Array }[] = [];
  readonly #waiting: (() => void)[] = [];

  private constructor(socket: Socket, port: number, host: string) {
    this.#socket = socket;
    this.#port = port;
    this.#host = host;
    socket.on("message", (bytes, { address }) => {
      this.#came.push({ text: bytes.toString(), from: address, bytes });
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on("error", () => {});
  }

  static async open(port: number, host = "127.0.0.1", from?: string): Promise<Client> {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    await new Promise<void>((resolve) =>
      socket.bind({ port: 0, ...(from === undefined ? {} : { address: from }) }, resolve),
    );
    return new Client(socket, port, host);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Resolves when the kernel has it. */
  send(text: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#socket.send(text, this.#port, this.#host, () => resolve()));
  }

  /** The next that came. */
  async next(): Promise<{ text: string; from: string; bytes: Uint8Array }> {
    while (this.#came.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#came.shift()!;
  }

  async ask(text: string): Promise<string> {
    await this.send(text);
    return (await this.next()).text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}
