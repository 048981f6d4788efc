import { expect, test } from "bun:test";
import { withInstance } from "../reload-support.ts";

const text = (box: string) => `proxy: off\ntcp: { packets: { listen: "127.0.0.1:0" } }\nbox: ${box}\n`;

test("a disk that is fuller than its limit is a problem in the status of an instance, until a reload says otherwise", async () => {
  await withInstance({}, text("{ disk: 1%, hold: 0ms }"), async (instance, reload) => {
    const isRoot = ({ key }: { readonly key: string }) => key === "box/disk/";
    const until = async (wanted: boolean) => {
      const deadline = performance.now() + 25_000;
      while ((await instance.status()).problems.some(isRoot) !== wanted) {
        if (performance.now() > deadline) throw new Error(JSON.stringify((await instance.status()).problems));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await until(true);
    const { problems } = await instance.status();
    expect(problems.find(isRoot)).toMatchObject({ subject: "disk /", reason: expect.stringContaining("are left") });
    expect(await reload(text("{ disk: off }"))).toBe("reloaded");
    await until(false);
  });
}, 60_000);
