import { Command } from "commander";
import { logOf } from "../base/mod.ts";
import { EXPECTABLE_OF_HTTP, http, planHttp } from "../load/mod.ts";
import { logLevel, runCommanded } from "./load-command.ts";
import { addHttpOptions, type HttpWords, httpOptionsOf } from "./load-http-options.ts";
import { startLogging } from "./logging.ts";
import { examples, namesHelp } from "./options.ts";

export function loadHttpCommand(exit: (code: number) => void): Command {
  const command = new Command("http")
    .description("Send HTTP requests, and report what became of each. Reads wrk's options, and those of oha and hey.")
    .argument("<url...>", "http://host[:port]/path or https://…; several of one host share the requests equally");
  addHttpOptions(command);
  return command
    .addHelpText(
      "after",
      namesHelp(
        "Names for --expect (docs/load-http.md says what each is; every percentile may be asked for):",
        EXPECTABLE_OF_HTTP,
      ),
    )
    .addHelpText(
      "after",
      examples(
        "tenk load http -t 2 -c 64 -d 20s https://raspberrypi.local/",
        "tenk load http -c 64 -d 30s -R 8000 --expect 'p99<50ms' http://127.0.0.1:8080/",
        "tenk load http -n 1000 -m POST --body '{}' -T application/json --expect-status 201 http://127.0.0.1:8080/items",
        "tenk load http --http2 -c 8 -p 16 -d 10s https://raspberrypi.local/",
        "tenk load http -d 10s http://127.0.0.1:8080/ http://127.0.0.1:8080/search",
        "tenk load http -d 10s --urls-from-file urls.txt",
        "tenk load http -d 10s --rand-regex-url 'http://127.0.0.1:8080/items/[0-9]{1,4}'",
        "tenk load http -d 10s -H 'X-User: \\{connection.uid}' 'http://127.0.0.1:8080/\\{re [a-z]{8}}'",
        "tenk load http -c 20 -d 30s --har shop.har --cookies https://shop.home.arpa/",
        "tenk load http -t 2 -c 64 -d 20s -s login.ts https://shop.home.arpa/ alice secret",
        "tenk load http -c 100 -d 10s --find-limit -R 1000 --expect 'p99<20ms' http://127.0.0.1:8080/",
      ),
    )
    .action(async (urls: string[], words: HttpWords, self: Command) => {
      await startLogging(logLevel(words));
      const options = httpOptionsOf(urls, words);
      logFewerLoops(words.threads, options.workers);
      exit(await runCommanded(http, planHttp(options), words, self));
    });
}

/** Nobody should look for the others. */
function logFewerLoops(threads: HttpWords["threads"], used = 1): void {
  if (typeof threads !== "number" || used >= threads) return;
  logOf("load").info("fewer event loops than -t: one for each core or connection", { asked: threads, used });
}
