import { expect, test } from "bun:test";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { Status } from "../../src/app/mod.ts";
import { startTenk, withFolder } from "../cli/tenk.ts";
import { needs, RealServer } from "../probe/checks/servers.ts";
import { CutProxy } from "./cut-proxy.ts";

const CHAT = `import { lines } from "tenk";
export default {
  framing: lines({ maxBytes: 100 }),
  open: (connection) => connection.subscribe("room.1"),
  frame: (connection, line) => connection.publish("room.1", new TextDecoder().decode(line) + "\\n"),
};
`;
const NAMES = ["a", "b", "c"] as const;
const BATCH = 50;

interface View {
  server: string | null;
  connects: number;
  sent: number;
  dropped: Record<string, number>;
  nodes: { name: string; received: number; lost: number }[];
}

/** A tenk of its own, with a client that talks and one that listens. */
class ChatNode {
  readonly heard = new Map<string, number[]>();
  /** Lines that its client has sent. */
  said = 0;
  readonly name: string;
  readonly tenk: ReturnType<typeof startTenk>;
  readonly statusUrl: string;
  readonly talker: Socket;

  private constructor(name: string, tenk: ReturnType<typeof startTenk>, statusUrl: string, sockets: readonly Socket[]) {
    this.name = name;
    this.tenk = tenk;
    this.statusUrl = statusUrl;
    const [talker, listener] = sockets as [Socket, Socket];
    // It hears the others too, and has to read that.
    this.talker = talker.resume();
    let rest = "";
    listener.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const [sender = "", number] = line.split(" ");
        this.heard.set(sender, [...(this.heard.get(sender) ?? []), Number(number)]);
      }
    });
  }

  static async start(folder: string, name: string, nats: number): Promise<ChatNode> {
    const cwd = join(folder, name);
    mkdirSync(cwd);
    writeFileSync(join(cwd, "chat.ts"), CHAT);
    const listener =
      "{ listen: 127.0.0.1:0, handler: ./chat.ts, workers: 2, subscribers: { maxQueued: 64MiB, maxRelayed: 64MiB } }";
    const nodes = `{ nats: nats://127.0.0.1:${nats}, name: ${name}, maxQueued: 256KiB, announce: 100ms, maxBackoff: 300ms }`;
    writeFileSync(
      join(cwd, "tenk.yaml"),
      `tcp: { chat: ${listener} }\npublish: ${nodes}\ndashboard: { listen: 127.0.0.1:0 }\ndata: { folder: ., history: false }\ncontainers: off\n`,
    );
    const tenk = startTenk(["up", "--json"], { cwd });
    const [line] = await tenk.sees("stdout", /^\{.*\n/);
    const { statusUrl, listeners } = JSON.parse(line) as { statusUrl: string; listeners: { port: number }[] };
    const sockets = [0, 1].map(() => connect(listeners[0]!.port, "127.0.0.1").setNoDelay());
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    return new ChatNode(name, tenk, statusUrl, sockets);
  }

  async say(count: number): Promise<void> {
    for (let end = this.said + count; this.said < end; ) {
      const numbers = Array.from({ length: Math.min(BATCH, end - this.said) }, (_, index) => this.said + index + 1);
      this.said += numbers.length;
      if (!this.talker.write(numbers.map((number) => `${this.name} ${number}\n`).join("")))
        await once(this.talker, "drain");
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async view(): Promise<View> {
    const status = (await (await fetch(`${this.statusUrl}api/status`)).json()) as Status;
    return status.parts.publish as View;
  }

  async stop(): Promise<void> {
    this.tenk.child.kill("SIGTERM");
    await this.tenk.ended;
  }
}

async function until(holds: () => Promise<boolean>, what: () => Promise<unknown>): Promise<void> {
  for (const deadline = performance.now() + 30_000; !(await holds()); ) {
    if (performance.now() > deadline) throw new Error(`it never came to that: ${JSON.stringify(await what())}`);
    // Lets sockets be read meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Returns what each node makes of each other: all that was said is heard, lost or dropped. */
async function accounts(nodes: readonly ChatNode[]) {
  const views = await Promise.all(nodes.map((node) => node.view()));
  return nodes.flatMap((to, at) =>
    nodes.flatMap((from, other) => {
      if (to === from) return [];
      const { received = 0, lost = 0 } = views[at]!.nodes.find(({ name }) => name === from.name) ?? {};
      const dropped = Object.values(views[other]!.dropped).reduce((sum, each) => sum + each, 0);
      const heard = to.heard.get(from.name)?.length ?? 0;
      return { way: `${from.name} → ${to.name}`, said: from.said, received, heard, lost, dropped };
    }),
  );
}

if (needs("/usr/sbin/nats-server", "nats-server"))
  test(
    "a chat over three nodes: one is cut off and comes back, and every message is heard, lost or dropped, and counted",
    () =>
      withFolder(async (folder) => {
        const words = (port: number) => ["-a", "127.0.0.1", "-p", `${port}`];
        await using nats = await RealServer.start("/usr/sbin/nats-server", words);
        await nats.started({ kind: "nats" });
        using proxy = await CutProxy.to(nats.port);
        const nodes = await Promise.all(
          NAMES.map((name) => ChatNode.start(folder, name, name === "a" ? proxy.port : nats.port)),
        );
        try {
          const [a] = nodes as [ChatNode, ChatNode, ChatNode];
          const all = () => accounts(nodes);
          const isBalanced = async () =>
            (await all()).every(
              ({ said, received, heard, lost, dropped }) => heard === received && said === received + lost + dropped,
            );
          const views = () => Promise.all(nodes.map((node) => node.view()));
          await until(async () => (await views()).every((view) => view.nodes.length === 2), views);

          await Promise.all(nodes.map((node) => node.say(500)));
          await until(isBalanced, all);
          for (const each of await all()) expect(each).toEqual({ ...each, heard: 500, lost: 0, dropped: 0 });

          const talking = Promise.all(nodes.map((node) => node.say(1500)));
          await until(async () => (a.heard.get("b")?.length ?? 0) > 700, all);
          proxy.cut();
          await until(async () => (await a.view()).server === null, views);
          // More than may wait, at 128 bytes each.
          await talking;
          await Promise.all([a.say(3000), ...nodes.slice(1).map((node) => node.say(500))]);
          proxy.restore();
          await until(async () => (await a.view()).connects === 2, views);
          await Promise.all(nodes.map((node) => node.say(100)));
          await until(isBalanced, all);

          const found = await all();
          const ways = new Map(found.map((each) => [each.way, each]));
          // What was on its way from and to the node that was cut off, and nothing else.
          for (const way of ["b → c", "c → b"])
            expect(ways.get(way)).toMatchObject({ lost: 0, dropped: 0, heard: 2600 });
          for (const way of ["b → a", "c → a"]) expect(ways.get(way)!.lost).toBeGreaterThanOrEqual(500);
          expect(ways.get("a → b")!.dropped).toBeGreaterThan(500);
          for (const { heard } of nodes)
            for (const numbers of heard.values())
              expect(numbers.every((each, index) => index === 0 || each > numbers[index - 1]!)).toBe(true);
          const metrics = await (await fetch(`${a.statusUrl}metrics`)).text();
          const lost = found.filter(({ way }) => way.endsWith("→ a")).reduce((sum, each) => sum + each.lost, 0);
          const sumOf = (name: string) =>
            [...metrics.matchAll(new RegExp(`^${name}(?:{.*})? (\\d+)$`, "gm"))].reduce(
              (sum, [, value]) => sum + Number(value),
              0,
            );
          expect(sumOf("tenk_publish_lost_total")).toBe(lost);
          expect(sumOf("tenk_publish_dropped_total")).toBe(ways.get("a → b")!.dropped);
        } finally {
          await Promise.all(nodes.map((node) => node.stop()));
        }
      }),
    60_000,
  );
