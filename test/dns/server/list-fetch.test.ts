import { expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeServer } from "../upstream/fake-server.ts";
import { questionOf, replyTo } from "../upstream/replies.ts";
import { withBox } from "./support.ts";

test("the server of a list is found by the upstreams, since the system may ask this name server", async () => {
  await using upstream = await FakeServer.open(({ bytes, reply }) => {
    const { text, type } = questionOf(bytes);
    reply(replyTo(bytes, { answer: type === 1 ? [`${text} 300 A 127.0.0.1`] : [] }));
  });
  const server = createServer((_, response) => response.end("ads.example\n")).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const text = `dns:
  listen: 127.0.0.1:0
  tls: off
  upstreams: ["${upstream.address}"]
  privateNames: [lists.example]
  blocklists: ["http://lists.example:${port}/ads.txt"]
`;
  try {
    await withBox(text, async (box) => {
      await box.untilAnswered("ads.example", "NOERROR A 0.0.0.0");
      expect(upstream.asked.map(({ bytes }) => questionOf(bytes).text.toLowerCase())).toContain("lists.example");
    });
  } finally {
    server.close();
  }
});
