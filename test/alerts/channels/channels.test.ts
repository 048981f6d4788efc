import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Delivery } from "../../../src/alerts/channels/mod.ts";
import type { Message } from "../../../src/alerts/incidents/mod.ts";
import { makeChannels } from "../../../src/alerts/make-channels.ts";
import { parseConfig } from "../../../src/app/mod.ts";
import { closedPort, Sink } from "../sink.ts";

const SECRET = "s3cr3t-T0ken";
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "alerts-"));
  writeFileSync(join(folder, "token"), `${SECRET}\n`, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const MESSAGE: Message = {
  id: "abc",
  title: 'pi: git "down" <&> _x_',
  lines: ['git is down since 22:14: "no answer"\t\\ @everyone <b>*bold*</b> {{title}}'],
  notes: [],
  tone: "critical",
  happenedMs: Date.parse("2026-11-30T21:14:00Z"),
  answers: [],
};

function channelOf(section: string, environment: Record<string, string> = {}) {
  const { config } = parseConfig(`alerts: { channels: { one: { ${section} } } }`, "tenk.yaml", folder);
  const place = { folder, environment, pageUrl: "https://box.home.arpa/", timeoutMs: 5000 };
  return makeChannels(config.alerts!.channels, place)[0]!;
}

async function sendTo(sink: Sink, section: string, message: Partial<Message> = {}, isBrief = false): Promise<Delivery> {
  writeFileSync(join(folder, "url"), `${sink.url}/hooks/${SECRET}?key=${SECRET}`);
  const text = section.replaceAll("URL", sink.url);
  return channelOf(text, { TOKEN: SECRET }).send({ ...MESSAGE, ...message }, isBrief, new AbortController().signal);
}

const KINDS: [kind: string, section: string][] = [
  ["ntfy", "ntfy: { server: URL, topic: home, tokenFile: token }"],
  ["webhook", "webhook: { urlFile: url }"],
  ["discord", "discord: { urlFile: url }"],
  ["slack", "slack: { urlFile: url }"],
  ["telegram", "telegram: { server: URL, tokenEnv: TOKEN, chat: -100123 }"],
  ["gotify", "gotify: { server: URL/, tokenFile: token }"],
  ["apprise", "apprise: { urlFile: url }"],
];
const sectionOf = (kind: string) => KINDS.find(([name]) => name === kind)![1];

test("ntfy gets JSON with title, priority, tags, page, and an id by which a message sent again replaces the first", async () => {
  await using sink = await Sink.open();
  expect(await sendTo(sink, sectionOf("ntfy"))).toEqual({ result: "sent" });
  const [{ url, headers, body }] = sink.received as [(typeof sink.received)[0]];
  expect([url, headers.authorization, headers["content-type"]]).toEqual(["/", `Bearer ${SECRET}`, "application/json"]);
  expect(JSON.parse(body)).toEqual({
    topic: "home",
    title: MESSAGE.title,
    message: MESSAGE.lines[0]!,
    priority: 5,
    tags: ["rotating_light"],
    sequence_id: "abc",
    click: "https://box.home.arpa/",
  });
  await sendTo(sink, "ntfy: { server: URL, topic: home, user: me, passwordFile: token }", { tone: "good" });
  expect(sink.received[1]!.headers.authorization).toBe(`Basic ${btoa(`me:${SECRET}`)}`);
  expect(sink.bodies[1]).toMatchObject({ priority: 3, tags: ["white_check_mark"] });
});

test("the ready webhooks get what their servers read, with nothing of a text taken for syntax", async () => {
  await using sink = await Sink.open();
  for (const kind of ["discord", "slack", "telegram", "gotify", "apprise"])
    expect([kind, await sendTo(sink, sectionOf(kind))]).toEqual([kind, { result: "sent" }]);
  const [discord, slack, telegram, gotify, apprise] = sink.bodies;
  expect(discord.allowed_mentions).toEqual({ parse: [] });
  expect(discord.embeds[0].description).toContain("\\@everyone \\<b\\>\\*bold\\*\\<");
  expect(slack.text).toBe('pi: git "down" &lt;&amp;&gt; _x_');
  expect(slack.blocks[0].text).toEqual({
    type: "plain_text",
    text: `${MESSAGE.title}\n${MESSAGE.lines[0]}`,
    emoji: false,
  });
  expect(telegram).toMatchObject({
    chat_id: "-100123",
    text: `${MESSAGE.title}\n\n${MESSAGE.lines[0]}`,
    disable_notification: false,
  });
  expect(telegram).not.toHaveProperty("parse_mode");
  expect(gotify).toMatchObject({ title: MESSAGE.title, message: MESSAGE.lines[0]!, priority: 8 });
  expect(apprise).toMatchObject({ title: MESSAGE.title, body: MESSAGE.lines[0]!, type: "failure" });
  expect(sink.received.map(({ url }) => url.replaceAll(SECRET, "S"))).toEqual([
    "/hooks/S?key=S",
    "/hooks/S?key=S",
    "/botS/sendMessage",
    "/message",
    "/hooks/S?key=S",
  ]);
  expect(sink.received[3]!.headers["x-gotify-key"]).toBe(SECRET);
});

describe("a template is filled", () => {
  const send = async (section: string) => {
    await using sink = await Sink.open();
    expect(await sendTo(sink, section)).toEqual({ result: "sent" });
    return sink.received[0]!;
  };

  test("with text that is escaped in JSON", async () => {
    const { method, headers, body } = await send(
      `webhook: { url: "URL/x", method: PUT, headers: { Authorization: "Bearer x" }, body: '{ "a": "{{title}}: {{ text }}", "b": ["{{severity}}", "{{time}}"] }' }`,
    );
    expect([method, headers.authorization]).toEqual(["PUT", "Bearer x"]);
    expect(JSON.parse(body)).toEqual({
      a: `${MESSAGE.title}: ${MESSAGE.lines[0]}`,
      b: ["critical", "2026-11-30T21:14:00.000Z"],
    });
  });

  test("with text that is escaped in a form, and left as it is elsewhere", async () => {
    const form = await send(
      `webhook: { url: "URL/x", contentType: application/x-www-form-urlencoded, body: "a={{title}}&b={{text}}" }`,
    );
    expect(Object.fromEntries(new URLSearchParams(form.body))).toEqual({ a: MESSAGE.title, b: MESSAGE.lines[0]! });
    const plain = await send(`webhook: { url: "URL/x", contentType: text/plain, body: "{{title}}" }`);
    expect(plain.body).toBe(MESSAGE.title);
  });
});

test.each(KINDS)("%s gets at most what it takes, in whole lines, and how many are left out", async (kind, section) => {
  await using sink = await Sink.open();
  const lines = Array.from({ length: 500 }, (_, index) => `service ${index} is down <&> "${"ü".repeat(40)}" *`);
  const notes = ["Told late: no message got out 22:14–22:24 (no way out)"];
  await sendTo(sink, section, { lines, notes, title: `pi: ${"x".repeat(400)}` });
  const { body } = sink.received[0]!;
  expect(body).toMatch(/(and|\\\\?and) \d{3} more/);
  expect(body).toContain("Told late");
  const value = JSON.parse(body);
  const text: string =
    { discord: value.embeds?.[0].description, slack: value.blocks?.[0].text.text, apprise: value.body }[kind] ??
    value.message ??
    value.text;
  const limits: Record<string, number> = { ntfy: 4095, discord: 4096, slack: 3000, telegram: 4096 };
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits[kind] ?? 10_000);
  expect(text.split("\n").filter((each) => each.startsWith("service"))).not.toContainEqual(
    expect.not.stringMatching(/\*$/),
  );
  await sendTo(sink, section, { lines }, true);
  expect(sink.received[1]!.body.length).toBeLessThan(1200);
});

describe("what a receiver answers:", () => {
  test.each([
    [200, {}, "", { result: "sent" }],
    [500, {}, "oops", { result: "failed", why: "it answers with status 500: oops" }],
    [429, { "retry-after": "17" }, "", { result: "failed", waitMs: 17_000 }],
    [429, {}, '{"ok":false,"parameters":{"retry_after":9}}', { result: "failed", waitMs: 9000 }],
    [429, {}, '{"message":"slow down","retry_after":0.65,"global":false}', { result: "failed", waitMs: 650 }],
    [503, { "retry-after": "Wed, 21 Oct 2099 07:28:00 GMT" }, "", { result: "failed", waitMs: expect.any(Number) }],
    [401, {}, "no", { result: "refused", why: "it answers with status 401: no" }],
    [404, {}, "", { result: "refused" }],
    [
      302,
      { location: "http://elsewhere.example/" },
      "",
      { result: "refused", why: expect.stringContaining("redirect (302)") },
    ],
    [413, {}, "too long", { result: "unwanted" }],
    [400, {}, "Bad Request: message is too long", { result: "unwanted" }],
  ])("%d %p %s", async (status, headers, body, expected) => {
    await using sink = await Sink.open();
    sink.answers.push({ status, headers: headers as Record<string, string>, body });
    expect(await sendTo(sink, sectionOf("ntfy"))).toMatchObject(expected as Delivery);
    expect(sink.received.length).toBe(1);
  });

  test.each(KINDS)("%s: no secret is in what is said of a failure", async (_, section) => {
    await using sink = await Sink.open();
    sink.answers.push({
      status: 404,
      body: `no /bot${SECRET}/sendMessage or /hooks/${SECRET}?key=${SECRET}, ${SECRET}`,
    });
    const refused = await sendTo(sink, section);
    expect(refused.result).toBe("refused");
    expect(JSON.stringify(refused)).not.toContain(SECRET);
    const port = await closedPort();
    writeFileSync(join(folder, "url"), `http://127.0.0.1:${port}/hooks/${SECRET}`);
    const channel = channelOf(section.replaceAll("URL", `http://127.0.0.1:${port}`), { TOKEN: SECRET });
    const failed = await channel.send(MESSAGE, false, new AbortController().signal);
    expect(failed.result).toBe("failed");
    expect(JSON.stringify(failed)).not.toContain(SECRET);
  });
});

describe("a configuration that cannot be right:", () => {
  const problem = (text: string) => {
    try {
      const { config } = parseConfig(text, "tenk.yaml", folder);
      makeChannels(config.alerts!.channels, { folder, environment: {}, pageUrl: undefined, timeoutMs: 1000 });
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  test.each([
    ["ntfy: { topic: a b }", "expected a topic"],
    ["ntfy: { topic: home, tokenFile: absent }", "alerts.channels.one.ntfy.tokenFile: "],
    ["ntfy: { topic: home, tokenEnv: ABSENT }", "the environment has no variable ABSENT"],
    ["ntfy: { topic: home, token: a, tokenFile: b }", "expected one of token, tokenFile and tokenEnv"],
    ["ntfy: { topic: home }, discord: { url: http://a }", "expected one of ntfy, webhook"],
    ["severity: critical", "expected one of ntfy, webhook"],
    ["discord: {}", "alerts.channels.one.discord.url: expected it, or urlFile or urlEnv"],
    [`discord: { url: "ftp://${SECRET}" }`, "expected an address that begins with http"],
    ["telegram: { token: a/b, chat: 1 }", "letters, digits"],
    ["webhook: { url: http://a, body: '{{titel}}' }", "expected no placeholders but {{title}}"],
    ["email: { server: mail.example, from: a@b.example, to: c@d.example }", "expected a server such as smtps://"],
    ["email: { server: smtp://mail.example, from: nobody, to: c@d.example }", "expected an e-mail address"],
    [
      "email: { server: smtp://mail.example, user: me, from: a@b.example, to: c@d.example }",
      "email.password: expected it",
    ],
    ["ntfi: { topic: home }", "did you mean ntfy?"],
  ])("%s", (section, expected) => {
    const found = problem(`alerts: { channels: { one: { ${section} } } }`);
    expect(found).toContain(expected);
    expect(found).not.toContain(SECRET);
  });
});
