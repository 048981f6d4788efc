import { TenkError } from "../../../base/mod.ts";
import { type Connection, connect, type Handler } from "../../../net/mod.ts";
import { type DbusCall, type DbusValue, dbusGreeting, readDbusMessage, writeCall } from "../../../wire/dbus/mod.ts";

/** A name of a D-Bus error, such as `org.freedesktop.DBus.Error.AccessDenied`. */
export class BusError extends Error {
  readonly errorName: string;

  constructor(errorName: string) {
    super(errorName);
    this.errorName = errorName;
  }
}

export interface BusOptions {
  readonly path: string;
  /** Whether the other side is a bus, to which one says hello, or systemd itself. */
  readonly isBus: boolean;
  readonly timeoutMs: number;
  /** Called once, when it can be used no more. */
  readonly closed: () => void;
}

export type BusMethod = Omit<DbusCall, "serial" | "destination">;

interface Waiting {
  readonly resolve: (body: readonly DbusValue[]) => void;
  readonly reject: (error: Error) => void;
}

const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Calls without an answer: more are one that hangs. */
const MAX_WAITING = 4096;
const SYSTEMD = "org.freedesktop.systemd1";
const BUS = "org.freedesktop.DBus";

/** A connection to D-Bus, as the user that runs us. */
export class Bus {
  readonly #options: BusOptions;
  readonly #waiting = new Map<number, Waiting>();
  #connection: Connection | undefined;
  #received: Uint8Array = new Uint8Array(0);
  #ready: Waiting | undefined;
  #isReady = false;
  #serial = 0;

  private constructor(options: BusOptions) {
    this.#options = options;
  }

  /** @throws {TenkError} why it cannot be reached; `permission-denied` where it does not accept us */
  static async open(options: BusOptions): Promise<Bus> {
    const bus = new Bus(options);
    const { path, timeoutMs, isBus } = options;
    const { promise, resolve, reject } = Promise.withResolvers<readonly DbusValue[]>();
    bus.#ready = { resolve, reject };
    // Also where it ends before anybody waits for it.
    promise.catch(() => {});
    bus.#connection = await connect({ path, timeoutMs }, bus.#handler());
    await bus.#within(promise).catch((error) => {
      bus.close();
      throw error;
    });
    if (isBus) await bus.#send([{ destination: BUS, path: "/org/freedesktop/DBus", interface: BUS, member: "Hello" }]);
    return bus;
  }

  /**
   * Calls methods of systemd, all in one write.
   *
   * @returns the values of each reply
   * @throws {BusError} the first error; {TenkError} where the connection ends, or no answer comes
   */
  async call(...methods: readonly BusMethod[]): Promise<(readonly DbusValue[])[]> {
    const destination = this.#options.isBus ? SYSTEMD : undefined;
    return this.#send(methods.map((method) => ({ destination, ...method })));
  }

  close(): void {
    this.#connection?.close();
  }

  #send(calls: readonly Omit<DbusCall, "serial">[]): Promise<(readonly DbusValue[])[]> {
    if (this.#connection === undefined || this.#waiting.size >= MAX_WAITING)
      return Promise.reject(ended(this.#options));
    const first = this.#serial + 1;
    this.#serial += calls.length;
    const answers = calls.map((_, index) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly DbusValue[]>();
      this.#waiting.set(first + index, { resolve, reject });
      return promise;
    });
    this.#connection.write(Buffer.concat(calls.map((call, index) => writeCall({ serial: first + index, ...call }))));
    return this.#within(Promise.all(answers)).finally(() => {
      for (const index of calls.keys()) this.#waiting.delete(first + index);
    });
  }

  #within<Value>(promise: Promise<Value>): Promise<Value> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const { timeoutMs, path } = this.#options;
    const error = new TenkError("request-timeout", `${path} does not answer within ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => reject(error), timeoutMs);
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }

  #handler(): Handler {
    return {
      open: (connection) => connection.write(dbusGreeting(process.getuid?.() ?? 0)),
      chunk: (connection, bytes) => {
        this.#received = Buffer.concat([this.#received, bytes]);
        if (!this.#isReady) this.#readGreeting(connection);
        if (this.#isReady) this.#readMessages(connection);
      },
      end: (connection) => connection.close(),
      close: () => this.#end(),
    };
  }

  #readGreeting(connection: Connection): void {
    const end = this.#received.indexOf(0x0a);
    if (end < 0) {
      if (this.#received.length > MAX_GREETING_BYTES) connection.close();
      return;
    }
    const line = Buffer.from(this.#received.subarray(0, end)).toString("latin1");
    this.#received = this.#received.subarray(end + 1);
    if (!line.startsWith("OK ")) {
      const { path } = this.#options;
      this.#ready?.reject(new TenkError("permission-denied", `${path} does not accept this user: it says ${line.slice(0, 40)}`)); // biome-ignore format: one call
      connection.close();
      return;
    }
    this.#isReady = true;
    this.#ready?.resolve([]);
  }

  #readMessages(connection: Connection): void {
    for (;;) {
      const read = readDbusMessage(this.#received, MAX_MESSAGE_BYTES);
      if (read.state === "incomplete") return;
      if (read.state === "refused") {
        connection.close();
        return;
      }
      this.#received = this.#received.subarray(read.length);
      const { type, replySerial, errorName, body } = read.value;
      const waiting = this.#waiting.get(replySerial);
      if (type === "reply") waiting?.resolve(body);
      else if (type === "error") waiting?.reject(new BusError(errorName ?? ""));
    }
  }

  #end(): void {
    this.#connection = undefined;
    const error = ended(this.#options);
    this.#ready?.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#options.closed();
  }
}

const MAX_GREETING_BYTES = 1024;

function ended({ path }: BusOptions): TenkError {
  return new TenkError("connect-failed", `${path} has closed the connection`);
}
