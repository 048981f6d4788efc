import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "../../../src/net/mod.ts";

/** Connects again and again, and asks who is there, until told to stop. */
export async function hammer(to: { port?: number; path?: string }, signal: AbortSignal) {
  const seen = new Map<string, number>();
  const failures: string[] = [];
  while (!signal.aborted) {
    try {
      const who = await ask(to);
      seen.set(who, (seen.get(who) ?? 0) + 1);
    } catch (error) {
      failures.push(String(error));
      await Bun.sleep(1);
    }
  }
  return { seen, failures };
}

/** @throws where it is refused, reset, or closed without an answer */
export async function ask(to: { port?: number; path?: string }): Promise<string> {
  const answer = Promise.withResolvers<string>();
  const connection = await connect(to.path === undefined ? { host: "127.0.0.1", port: to.port! } : { path: to.path }, {
    chunk: (_, bytes) => answer.resolve(Buffer.from(bytes).toString().trim()),
    close: (_, reason) => answer.reject(new Error(`closed: ${reason}`)),
  });
  connection.write("?");
  const who = await answer.promise;
  connection.close();
  return who;
}

/** One query after the other, each answered within 5 s. */
export async function askByDatagram(port: number, signal: AbortSignal) {
  const seen = new Map<string, number>();
  const failures: string[] = [];
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  while (!signal.aborted) {
    const answer = once(socket, "message", { signal: AbortSignal.timeout(5000) });
    socket.send("?", port, "127.0.0.1");
    try {
      const [message] = await answer;
      const who = String(message);
      seen.set(who, (seen.get(who) ?? 0) + 1);
    } catch (error) {
      failures.push(String(error));
    }
  }
  socket.close();
  return { seen, failures };
}
