/** The library's sink and nothing else: no box around it that samples, measures its loop, keeps history or is scraped. */
import { listen } from "../../../src/net/mod.ts";

await listen({ host: "127.0.0.1", port: Number(process.argv[2]) }, { chunk() {} });
