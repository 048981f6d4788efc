import { connect, type Socket } from "node:net";

/** A client of the program under test: writes, and waits for what comes. */
export class Client {
  readonly socket: Socket;
  text = "";
  readonly #watchers = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    const tell = () => {
      for (const watcher of this.#watchers) watcher();
    };
    socket.setEncoding("utf8").on("data", (part: string) => {
      this.text += part;
      tell();
    });
    socket.on("close", tell).on("error", () => undefined);
  }

  static async to(port: number): Promise<Client> {
    const client = new Client(connect(port, "127.0.0.1"));
    await new Promise<void>((resolve, reject) => client.socket.once("connect", resolve).once("error", reject));
    return client;
  }

  /** Writes a line and resolves with the next answer; rejects where the connection closes instead. */
  async ask(line: string): Promise<string> {
    this.text = "";
    this.socket.write(`${line}\n`);
    return this.next();
  }

  next(): Promise<string> {
    return new Promise((resolve, reject) => {
      const watcher = () => {
        if (!this.text.includes("\n") && !this.socket.closed) return;
        this.#watchers.delete(watcher);
        if (this.text.includes("\n")) resolve(this.text.trimEnd());
        else reject(new Error("closed without an answer"));
      };
      this.#watchers.add(watcher);
      watcher();
    });
  }
}
