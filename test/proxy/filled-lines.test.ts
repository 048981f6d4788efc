import { expect, test } from "bun:test";
import type { Exchange } from "../../src/http/mod.ts";
import { preparedLines } from "../../src/proxy/answers/mod.ts";
import type { Head } from "../../src/wire/http1/mod.ts";
import { exchange, get, proxyOptions, rawTarget, startProxy } from "./support.ts";

test("headers for targets get the request's values, once, in one line each", async () => {
  const target = await rawTarget((text, socket) => {
    if (text.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const set =
    'set: { X-Client: "{http.request.remote.host}", X-Uri: "{http.request.uri} {http.request.uri}", X-Plain: "{other}" }';
  const service = `  app: { target: "http://127.0.0.1:${target.port}", plainHttp: serve, headers: { request: { ${set} } } }\n`;
  const proxy = await startProxy(proxyOptions(service));
  try {
    await exchange(proxy.port!, get("/{http.request.method}?q", "app.home.arpa", "X-Client: forged"));
    const lines = target.received[0]!.split("\r\n");
    expect(lines.filter((line) => /^x-(client|uri|plain)/i.test(line)).toSorted()).toEqual([
      "X-Client: 127.0.0.1",
      "X-Plain: {other}",
      "X-Uri: /{http.request.method}?q /{http.request.method}?q",
    ]);
    const long = "y".repeat(5000);
    await exchange(proxy.port!, get(`/${long}`, "app.home.arpa"));
    expect(target.received[1]).toContain(`GET /${long} `);
    expect(target.received[1]).not.toMatch(/^x-uri/im);
  } finally {
    await proxy.stop({ graceMs: 0 });
    target.stop();
  }
});

test.each([
  ["a.lan\r\nX-B: c", []],
  ["a.lan\nX-B: c", []],
  ["a\0", []],
  [" \ta.lan ", ["X-A: a.lan", "X-A: < \ta.lan >"]],
  ["", ["X-A: ", "X-A: <>"]],
  ["y".repeat(9000), []],
])("a value is one line without blanks around it, or is left out: %j", (serverName, expected) => {
  const { filled } = preparedLines([
    ["X-A", "{http.request.tls.server_name}"],
    ["X-A", "<{http.request.tls.server_name}>"],
  ]);
  const lines: Uint8Array[] = [];
  const exchange = { client: { serverName } } as unknown as Exchange;
  filled!.addTo(lines, { exchange, head: {} as Head, bytes: new Uint8Array() });
  expect(lines.map((line) => Buffer.from(line).toString())).toEqual(expected.map((line) => `${line}\r\n`));
});
