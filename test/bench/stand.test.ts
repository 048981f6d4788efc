import { expect, test } from "bun:test";
import type { Ports } from "../../bench/stand.ts";
import { measureInTurn, Stand } from "../../bench/stand.ts";

const QUIET = () => {};

/** A place that fails at its `failsAt`-th visit; `stopped` are those that were stopped. */
function place(name: string, stopped: string[], failsAt = 0) {
  let visits = 0;
  return {
    visit() {
      visits += 1;
      if (visits === failsAt) throw new Error(`${name} fell over`);
      return `${name}${visits}`;
    },
    async stop() {
      stopped.push(name);
    },
  };
}

function peer(name: string, reason?: string) {
  return { name, prepare: () => reason, version: () => `${name} 1` };
}

test("who fails is skipped by name, at the start or in a round, and the others go on", async () => {
  const stopped: string[] = [];
  const order: string[] = [];
  const outcome = await measureInTurn(
    {
      peers: [peer("a"), peer("b"), peer("c"), peer("d", "no d here")],
      async open({ name }) {
        if (name === "b") throw new Error("b did not listen");
        return place(name, stopped, name === "c" ? 2 : 0);
      },
      async visit(each, places) {
        order.push(each.visit());
        expect([...places.keys()]).toEqual(["a", "c"]);
        return order.at(-1);
      },
    },
    { only: [], rounds: 3 },
    QUIET,
  );
  expect(order).toEqual(["a1", "c1", "a2", "a3"]);
  expect(outcome.results).toEqual(new Map([["a", ["a1", "a2", "a3"]]]));
  expect(outcome.versions).toEqual({ a: "a 1", b: "b 1", c: "c 1" });
  expect(outcome.skipped).toEqual({ b: "b did not listen", c: "c fell over", d: "no d here" });
  expect(stopped).toEqual(["a", "c"]);
});

/** A server that listens, and on standard input says nothing; `nc` is not everywhere. */
function serving(text: string) {
  const program = `console.error(${JSON.stringify(text)});
    Bun.listen({ hostname: "127.0.0.1", port: Number(process.argv.at(-1)), socket: { data() {} } });`;
  return {
    ...peer("server"),
    command: ({ port }: Ports) => [process.execPath, "-e", program, String(port)],
  };
}

test("a client is asked by a line, and what the server spent meanwhile is read", async () => {
  const client = () => ["sh", "-c", 'while read -r line; do echo "{\\"said\\":\\"$line\\"}"; done'];
  const stand = await Stand.open(serving("hello"), { pin: false }, client);
  const { said, serverMs } = await stand.spend<{ said: string }>("do 1 2");
  expect(said).toBe("do 1 2");
  expect(serverMs).toBeGreaterThanOrEqual(0);
  expect(stand.anonymousBytes()).toBeGreaterThan(0);
  await stand.stop();
});

test("a client that ends is told with the question and what both sides complained of", async () => {
  const client = () => ["sh", "-c", "read -r line; echo client is lost >&2; exit 1"];
  const stand = await Stand.open(serving("server is odd"), { pin: false }, client);
  const failure = await stand.request("go").catch((error: Error) => error.message);
  await stand.stop();
  for (const part of ['at "go"', "client is lost", "server is odd"]) expect(failure).toContain(part);
});

test("a server that does not listen is told with what it complained of", async () => {
  const silent = { ...peer("silent"), command: () => ["sh", "-c", "echo port is cursed >&2; exit 1"] };
  const opening = Stand.open(silent, { pin: false }, () => ["cat"], undefined, 200);
  await expect(opening).rejects.toThrow("did not listen: port is cursed");
});
