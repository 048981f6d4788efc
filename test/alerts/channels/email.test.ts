import { describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Message } from "../../../src/alerts/incidents/mod.ts";
import { makeChannels } from "../../../src/alerts/make-channels.ts";
import { parseConfig } from "../../../src/app/mod.ts";
import { closedPort, until } from "../sink.ts";

const FIXTURES = join(import.meta.dirname, "../../net/fixtures");
const PYTHON = "/usr/bin/python3";
const hasSink = existsSync(PYTHON) && existsSync("/usr/lib/python3/dist-packages/aiosmtpd/__init__.py");
const SECRET = "s3cr3t-T0ken";

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly tls: boolean;
  readonly user: string | null;
  readonly text: string;
}

/** A mail server by aiosmtpd. */
class MailSink implements AsyncDisposable {
  port = 0;
  readonly mails: Mail[] = [];
  readonly #child: ChildProcess;

  private constructor(mode: string) {
    const files = [join(FIXTURES, "first-cert.pem"), join(FIXTURES, "first-key.pem")];
    this.#child = spawn(PYTHON, [join(import.meta.dirname, "smtp-sink.py"), mode, ...files], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      const value = JSON.parse(line);
      if (value.port === undefined) this.mails.push(value);
      else this.port = value.port;
    });
  }

  static async open(mode: "plain" | "starttls" | "tls" | "login"): Promise<MailSink> {
    const sink = new MailSink(mode);
    await until(() => sink.port !== 0, "a mail server's start");
    return sink;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill();
    await ended;
  }
}

const MESSAGE: Message = {
  id: "abc",
  title: "pi: Gärtner\r\nBcc: victim@example.org down",
  lines: ["git is down since 22:14: Überlast", ".", "From here on"],
  notes: [],
  tone: "critical",
  happenedMs: Date.parse("2026-11-30T21:14:00Z"),
  answers: [],
};

async function send(section: string, message: Partial<Message> = {}, to = "me@home.example", timeoutMs = 10_000) {
  const text = `alerts: { channels: { mail: { email: { from: "Box <box@pi.example>", to: ${to}, ${section} } } } }`;
  const { config } = parseConfig(text, "tenk.yaml", FIXTURES);
  const place = { folder: FIXTURES, pageUrl: "https://box.home.arpa/", timeoutMs };
  const [channel] = makeChannels(config.alerts!.channels, place);
  return channel!.send({ ...MESSAGE, ...message }, false, new AbortController().signal);
}

const header = ({ text }: Mail, name: string) =>
  new RegExp(`^${name}: (.*(?:\\r?\\n[ \\t].*)*)`, "im").exec(text)?.[1]?.replace(/\r?\n[ \t]/g, " ");

if (!hasSink)
  test.skipIf(process.env.CI !== "true")("e-mail cannot be tried: needs python3-aiosmtpd", () => {
    throw new Error("This check needs Debian's python3-aiosmtpd, and must not be left out in CI");
  });

describe.if(hasSink)("e-mail", () => {
  test("has the date of what it tells, an id, the page, no autoresponse, and no header of somebody else's text", async () => {
    await using sink = await MailSink.open("plain");
    expect(await send(`server: "smtp://127.0.0.1:${sink.port}"`)).toEqual({ result: "sent" });
    await until(() => sink.mails.length === 1);
    const [mail] = sink.mails as [Mail];
    expect(mail).toMatchObject({ from: "box@pi.example", to: ["me@home.example"], tls: false, user: null });
    expect(header(mail, "Date")).toBe("Mon, 30 Nov 2026 21:14:00 +0000");
    expect(header(mail, "Message-ID")).toBe("<tenk.abc@pi.example>");
    expect(header(mail, "Auto-Submitted")).toBe("auto-generated");
    expect(header(mail, "X-Priority")).toMatch(/^1/);
    expect(header(mail, "Bcc")).toBeUndefined();
    expect(header(mail, "From")).toBe("Box <box@pi.example>");
    expect(header(mail, "Subject")).toMatch(/^=\?UTF-8\?/);
    expect(mail.text).toContain("https://box.home.arpa/");
  });

  test("that a problem is over answers the message that told of it", async () => {
    await using sink = await MailSink.open("plain");
    const server = `server: "smtp://127.0.0.1:${sink.port}"`;
    expect(await send(server, { id: "def", tone: "good", answers: ["abc", "xyz"] })).toEqual({ result: "sent" });
    await until(() => sink.mails.length === 1);
    expect(header(sink.mails[0]!, "In-Reply-To")).toBe("<tenk.abc@pi.example>");
    expect(header(sink.mails[0]!, "References")).toBe("<tenk.abc@pi.example> <tenk.xyz@pi.example>");
    expect(header(sink.mails[0]!, "X-Priority")).toBeUndefined();
  });

  test("goes by STARTTLS with a login, and by TLS from the first byte", async () => {
    const login = `user: me, password: ${SECRET}, ca: ca-cert.pem`;
    await using starttls = await MailSink.open("login");
    expect(await send(`server: "smtp://127.0.0.1:${starttls.port}", ${login}`)).toEqual({ result: "sent" });
    await using tls = await MailSink.open("tls");
    expect(await send(`server: "smtps://127.0.0.1:${tls.port}", ${login}`)).toEqual({ result: "sent" });
    await until(() => starttls.mails.length + tls.mails.length === 2);
    expect(starttls.mails[0]).toMatchObject({ tls: true, user: "me" });
    expect(tls.mails[0]).toMatchObject({ tls: true, user: "me" });
  });

  test("goes nowhere where the certificate is not right, or a password would go in the clear", async () => {
    await using starttls = await MailSink.open("login");
    const untrusted = await send(`server: "smtp://127.0.0.1:${starttls.port}", user: me, password: ${SECRET}`);
    expect(untrusted).toMatchObject({ result: "failed", why: expect.stringMatching(/certificate/i) });
    await using plain = await MailSink.open("plain");
    const clear = await send(`server: "smtp://127.0.0.1:${plain.port}", user: me, password: ${SECRET}`);
    expect(clear).toMatchObject({ result: "failed", why: expect.stringMatching(/STARTTLS/i) });
    expect([...starttls.mails, ...plain.mails]).toEqual([]);
  });

  test("is refused for good by a wrong password or an unknown mailbox, and for now by a busy server", async () => {
    await using sink = await MailSink.open("login");
    const server = `server: "smtp://127.0.0.1:${sink.port}", ca: ca-cert.pem, user: me`;
    const wrong = await send(`${server}, password: wrong-${SECRET}`);
    expect(wrong).toMatchObject({ result: "refused", why: expect.stringContaining("535") });
    expect(JSON.stringify(wrong)).not.toContain(SECRET);
    const right = `${server}, password: ${SECRET}`;
    const nobody = await send(right, {}, "nobody@home.example");
    expect(nobody).toMatchObject({ result: "refused", why: expect.stringContaining("no such mailbox") });
    expect(await send(right, {}, "busy@home.example")).toMatchObject({ result: "failed" });
    expect(sink.mails).toEqual([]);
  });
});

test("a mail server that is not there, or says nothing, is a failure in time", async () => {
  const port = await closedPort();
  expect(await send(`server: "smtp://127.0.0.1:${port}"`)).toMatchObject({ result: "failed" });
  const silent = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const server = `server: "smtp://127.0.0.1:${(silent.address() as AddressInfo).port}"`;
  expect(await send(server, {}, undefined, 200)).toMatchObject({ result: "failed" });
  silent.close();
});
