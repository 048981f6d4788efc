import { expect, test } from "bun:test";
import { LineWriter } from "../../src/proxy/access-log/line-writer.ts";
import { writeUrl } from "../../src/proxy/access-log/url.ts";

test.each([
  ["/a?b=c", 100, "/a?b=c"],
  ["/?token=secret", 100, "/?token=***"],
  ["/x?a=1&token=secret&b=2", 100, "/x?a=1&token=***&b=2"],
  ["/?token=one&token=two", 100, "/?token=***&token=***"],
  ["https://box.home.arpa/?token=secret", 100, "https://box.home.arpa/?token=***"],
  ["/token=path?mytoken=1&tokens=2", 100, "/token=path?mytoken=1&tokens=2"],
  ["/?token", 100, "/?token"],
  ["/?token=", 100, "/?token=***"],
  ["/long?token=secret", 12, "/long?token="],
  ['/"?token=a', 100, '/\\"?token=***'],
])("of %s within %i bytes the log has %s", (url, room, logged) => {
  const bytes = new TextEncoder().encode(`GET ${url} HTTP/1.1`);
  const writer = new LineWriter(new Uint8Array(256), "json");
  writeUrl(writer, bytes, 4, 4 + url.length, room);
  expect(new TextDecoder().decode(writer.bytes.subarray(0, writer.at))).toBe(logged);
});
