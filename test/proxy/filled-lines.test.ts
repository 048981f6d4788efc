import { expect, test } from "bun:test";
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
