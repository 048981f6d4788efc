import { afterEach, describe, expect, test } from "bun:test";
import { hashPassword } from "../../src/auth/mod.ts";
import { basic, contentOf, eventually, inProgress, mirrorTarget, PROTOCOLS, rejected } from "./guard-support.ts";
import { get, proxyOptions, RawClient, startProxy } from "./support.ts";

/** Of `correct horse` and `battery staple`; cheap ones, since most tests need no more. */
const HASH =
  "$argon2id$v=19$m=8,t=1,p=1$b3ogO0/UzrmsrAHYlspYYGYKd3honcFP/LE7tCfj5xo$HDBy7NLjQirw1/gOp8wi96lvhrqd8d9dcMXLC+2tdpo";
const OTHER_HASH =
  "$argon2id$v=19$m=8,t=1,p=1$24NcwrJ5hmsIBQrDVgOr2dcpoiXHkqx0AcQ4lunaoeA$rlPid2lJ9ZKxs7NV3qox0Dq2dpmpq2eIWLMjj1Zxyt0";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Options of a proxy whose service `app` asks for a password. */
async function withUsers(more = "", trustedProxies: readonly string[] = [], hash = HASH) {
  const target = await mirrorTarget();
  stops.push(() => target.stop());
  const service = `{ target: "http://127.0.0.1:${target.port}", auth: { users: { ada: "${hash}", bö: "${hash}" } }${more} }`;
  return { target, options: proxyOptions(`  app: ${service}\n`, { trustedProxies }) };
}

/** Fields by which a client may try to be somebody. */
const SPOOFS = {
  "remote-user": "root",
  remote_user: "root",
  "remote.user": "root",
  "x-forwarded-for": "10.9.9.9",
  "x-forwarded-user": "root",
  "x-real-ip": "10.9.9.9",
  forwarded: "for=10.9.9.9",
};

describe.each(PROTOCOLS)("over %s", (_, start) => {
  async function started(hash = HASH) {
    const { target, options } = await withUsers("", [], hash);
    const asker = await start(options);
    stops.push(() => asker.stop());
    return { target, ...asker };
  }

  test.each([
    ["without a password", undefined, "no-credentials"],
    ["with a wrong password", basic("ada", "wrong horse"), "wrong-credentials"],
    ["as an unknown user", basic("eve", "correct horse"), "wrong-credentials"],
    ["without a colon", `Basic ${btoa("ada")}`, "wrong-credentials"],
    ["with bytes that are no UTF-8", `Basic ${btoa("ada:\xff")}`, "wrong-credentials"],
    ["with what is no base64", "Basic %%%", "wrong-credentials"],
    ["with another scheme", `Bearer ${btoa("ada:correct horse")}`, "wrong-credentials"],
    ["with an empty password", basic("ada", ""), "wrong-credentials"],
    ["with far too much", `Basic ${"A".repeat(5000)}`, "no-credentials"],
  ] as const)("who comes %s is asked for one, and the target hears nothing", async (_, authorization, reason) => {
    const { ask, target, proxy } = await started();
    const { status, fields } = await ask({ fields: authorization === undefined ? {} : { authorization } });
    expect([status, fields["www-authenticate"]]).toEqual([401, 'Basic realm="tenk", charset="UTF-8"']);
    expect([target.sockets.length, rejected(proxy, reason)]).toEqual([0, 1]);
  });

  test("who has the password goes on: the target gets the name, and neither the password nor a spoofed name", async () => {
    const { ask } = await started();
    for (const user of ["ada", "ada", "bö"]) {
      const fields = { authorization: basic(user, "correct horse"), ...SPOOFS };
      const { status, body } = await ask({ fields, path: "/a?b" });
      expect([status, body.slice(0, 19)]).toEqual([200, "GET /a?b HTTP/1.1\r\n"]);
      expect(body.match(/remote.user: .*/gi)).toEqual([`Remote-User: ${Buffer.from(user).toString("latin1")}`]);
      expect(body).not.toMatch(/authorization|root|10\.9\.9\.9/i);
    }
  });

  test.each([
    { isChunked: false, bytes: 1 },
    { isChunked: false, bytes: 1_000_000 },
    { isChunked: true, bytes: 10 },
    { isChunked: true, bytes: 1_000_000 },
  ])(
    "$bytes bytes of content that come while the password is checked arrive whole (chunked: $isChunked)",
    async (given) => {
      const { ask } = await started();
      const body = Buffer.alloc(given.bytes, "0123456789");
      const fields = { authorization: basic("ada", "correct horse") };
      const answer = await ask({ method: "POST", body, isChunked: given.isChunked, fields });
      expect(answer.status).toBe(200);
      expect(contentOf(answer.body) === body.toString()).toBeTrue();
    },
  );

  test("pages that come at once wait for one check, and none that follows pays for another", async () => {
    const { ask } = await started(await hashPassword("correct horse"));
    const fields = { authorization: basic("ada", "correct horse") };
    const startMs = performance.now();
    const first = await Promise.all(Array.from({ length: 20 }, () => ask({ fields })));
    const checkMs = performance.now() - startMs;
    for (let i = 0; i < 20; i++) first.push(await ask({ fields }));
    expect(new Set(first.map(({ status }) => status))).toEqual(new Set([200]));
    // Each check takes tens of milliseconds: 40 of them would take 40 times as long as the first.
    expect(performance.now() - startMs).toBeLessThan(10 * checkMs);
  });

  test("after five guesses the address is locked out for a while, whatever it sends", async () => {
    const { ask, proxy } = await started();
    const guess = async (password: string) => ask({ fields: { authorization: basic("ada", password) } });
    for (let i = 0; i < 5; i++) expect((await guess(`guess ${i}`)).status).toBe(401);
    const answers = [await guess("guess 6"), await guess("correct horse"), await ask()];
    expect(answers.map(({ status, fields }) => [status, fields["retry-after"]])).toEqual([
      [429, "1"],
      [429, "1"],
      [429, "1"],
    ]);
    expect(rejected(proxy, "locked-out")).toBe(3);
  });

  test("the same wrong password again and again locks nobody out", async () => {
    const { ask } = await started();
    const wrong = { fields: { authorization: basic("ada", "the old one") } };
    for (let i = 0; i < 12; i++) expect((await ask(wrong)).status).toBe(401);
    expect((await ask({ fields: { authorization: basic("ada", "correct horse") } })).status).toBe(200);
  });

  test("an unknown user costs the time of a check, so that names cannot be told by it", async () => {
    const { ask } = await started(await hashPassword("correct horse"));
    await ask();
    const startMs = performance.now();
    expect((await ask({ fields: { authorization: basic("eve", "wrong horse") } })).status).toBe(401);
    // 64 MiB are filled twice; an answer without that takes one millisecond.
    expect(performance.now() - startMs).toBeGreaterThan(8);
  });

  test("answers of our own are guarded as well", async () => {
    const { options } = await withUsers();
    const [service] = options.services;
    const answer = { type: "respond" as const, status: 200, body: "secret", contentType: "text/plain" };
    const asker = await start({ ...options, services: [{ ...service!, http: { ...service!.http!, answer } }] });
    stops.push(() => asker.stop());
    expect((await asker.ask()).status).toBe(401);
    const fields = { authorization: basic("ada", "correct horse") };
    expect((await asker.ask({ method: "POST", body: "x", fields })).body).toBe("secret");
  });
});

test("addresses are locked out one by one, and what one proved is not asked of another", async () => {
  const { options } = await withUsers("", ["127.0.0.1"]);
  const asker = await PROTOCOLS[0][1](options);
  stops.push(() => asker.stop());
  const from = async (address: string, password: string) => {
    const fields = { authorization: basic("ada", password), "x-forwarded-for": address };
    return (await asker.ask({ fields })).status;
  };
  for (let i = 0; i < 5; i++) await from("192.0.2.1", `guess ${i}`);
  expect([await from("192.0.2.1", "correct horse"), await from("192.0.2.2", "correct horse")]).toEqual([429, 200]);
});

test("a client that leaves while its password is checked is forgotten, and the target hears nothing", async () => {
  const { target, options } = await withUsers("", [], await hashPassword("correct horse"));
  const proxy = await startProxy(options);
  stops.push(() => proxy.stop({ graceMs: 0 }));
  const authorization = `Authorization: ${basic("ada", "correct horse")}`;
  const client = new RawClient(proxy.port).send(
    `POST / HTTP/1.1\r\nHost: app.home.arpa\r\n${authorization}\r\nContent-Length: 9\r\n\r\nhalf`,
  );
  await eventually(() => inProgress(proxy) === 1);
  client.close();
  await eventually(() => inProgress(proxy) === 0);
  // What was proved holds for the next one, who comes once the check is done.
  const next = new RawClient(proxy.port).send(get("/", "app.home.arpa", authorization));
  expect(await next.until(() => false)).toStartWith("HTTP/1.1 200 ");
  expect(target.received.join("")).not.toContain("POST");
});

test("who expects 100 is told so only after the password was right", async () => {
  const { options } = await withUsers();
  const proxy = await startProxy(options);
  stops.push(() => proxy.stop({ graceMs: 0 }));
  const head = (password: string) =>
    `POST / HTTP/1.1\r\nHost: app.home.arpa\r\nAuthorization: ${basic("ada", password)}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`;
  const wrong = new RawClient(proxy.port).send(head("wrong horse"));
  expect(await wrong.until(() => false)).toStartWith("HTTP/1.1 401 ");
  const right = new RawClient(proxy.port).send(head("correct horse"));
  expect(await right.until((text) => text.includes("\r\n\r\n"))).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  right.send("body");
  expect(await right.until((text) => text.endsWith("body"))).toContain("HTTP/1.1 200 OK\r\n");
  right.close();
});

test("a reload with other users asks again, and goes on counting guesses", async () => {
  const { target, options } = await withUsers();
  const asker = await PROTOCOLS[0][1](options);
  stops.push(() => asker.stop());
  const ask = async (password: string) =>
    (await asker.ask({ fields: { authorization: basic("ada", password) } })).status;
  expect(await ask("correct horse")).toBe(200);
  for (let i = 0; i < 4; i++) await ask(`guess ${i}`);
  const users = `{ ada: "${OTHER_HASH}" }`;
  const next = proxyOptions(`  app: { target: "http://127.0.0.1:${target.port}", auth: { users: ${users} } }\n`);
  await (await asker.proxy.prepare({ handlerOptions: next })).commit();
  expect([await ask("correct horse"), await ask("battery staple")]).toEqual([401, 429]);
});
