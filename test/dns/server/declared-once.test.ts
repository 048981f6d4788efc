/** A service is declared once: its name resolves, and its HTTPS route answers with a certificate that devices of the house trust. */
import { expect, test } from "bun:test";
import { createServer } from "node:http";
import { request } from "node:https";
import { type AddressInfo, isIP } from "node:net";
import { type Box, withBox } from "./support.ts";

const text = (services: string) => `data: { folder: data }
domain: home.arpa
services: { ${services} }
proxy: { https: 127.0.0.1:0, http: off, accessLog: off }
dns: { listen: 127.0.0.1:0, tls: off, blocklists: [], upstreams: [127.0.0.1:9] }
`;

/** Opens a URL as a browser of the house would: it asks this name server, and trusts the local CA. @returns status and body */
async function opened({ instance, ask }: Box, host: string): Promise<string> {
  const { port } = instance.listeners.find(({ name }) => name === "https")!;
  const answer = await ask(host);
  const address = answer.replace(/^NOERROR A /, "");
  if (isIP(address) === 0) return answer;
  return new Promise((resolve, reject) => {
    const call = request(
      { host: address, port, servername: host, headers: { host }, ca: instance.localRoot, agent: false },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (part) => {
          body += part;
        });
        response.on("end", () => resolve(`${response.statusCode} ${body}`));
      },
    );
    call.on("error", reject);
    call.end();
  });
}

test("one line makes name.home.arpa and name.local open the service by HTTPS; without the line both are gone", async () => {
  const target = createServer((request, response) => response.end(`git at ${request.headers.host}`));
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const git = `git: "http://127.0.0.1:${(target.address() as AddressInfo).port}"`;
  try {
    await withBox(text(""), async (box) => {
      expect(await opened(box, "git.home.arpa")).toBe("NXDOMAIN");
      expect(await box.reload(text(git))).toBe("reloaded");
      await box.untilAnswered("git.home.arpa", "NOERROR A 127.0.0.1");
      expect(await opened(box, "git.home.arpa")).toBe("200 git at git.home.arpa");
      expect(await opened(box, "git.local")).toBe("200 git at git.local");
      expect(await box.reload(text(""))).toBe("reloaded");
      await box.untilAnswered("git.home.arpa", "NXDOMAIN");
      expect(await opened(box, "git.local")).toBe("NXDOMAIN");
    });
  } finally {
    target.close();
  }
});
