import { Command } from "commander";
import { logOf } from "../base/mod.ts";
import { EXPECTABLE_OF_WEBSOCKET, planWebSocket, webSocket } from "../load/mod.ts";
import { logLevel, runCommanded } from "./load-command.ts";
import { unescapesNothing } from "./load-options.ts";
import { addWebSocketOptions, type WebSocketWords, webSocketOptionsOf } from "./load-ws-options.ts";
import { startLogging } from "./logging.ts";
import { examples, namesHelp } from "./options.ts";

const log = logOf("load");

export function loadWsCommand(exit: (code: number) => void): Command {
  const command = new Command("ws")
    .description(
      "Open WebSockets, send messages at the planned moments, and report what became of it. Options as those of load tcp.",
    )
    .argument("<url>", "ws://host[:port]/path or wss://…");
  const messages = addWebSocketOptions(command);
  return command
    .addHelpText(
      "after",
      namesHelp(
        "Names for --expect (docs/load-websocket.md says what each is; every percentile may be asked for):",
        EXPECTABLE_OF_WEBSOCKET,
      ),
    )
    .addHelpText(
      "after",
      examples(
        "tenk load ws ws://127.0.0.1:8080/echo -c 10k -r 10 -m ping --echo -T 30s --connect-rate 1000",
        "tenk load ws wss://raspberrypi.local/chat -c 100 --total-rate 50 -m '{\"at\":\"\\{message.marker}\"}' --expect 'p99<50ms'",
        "tenk load ws ws://127.0.0.1:8080/ -c 1k --ping 0.1 -T 60s --subprotocol mqtt",
        "tenk load ws ws://127.0.0.1:8080/echo -c 100 -r 10 -f photo.jpg --binary --fragment 16k --wait-reply",
      ),
    )
    .action(async (url: string, words: WebSocketWords, self: Command) => {
      await startLogging(logLevel(words));
      const plan = planWebSocket(webSocketOptionsOf(url, words, messages));
      if (unescapesNothing(words, messages))
        log.warn("-e holds for the texts after it, and none follows: put it first");
      exit(await runCommanded(webSocket, plan, words, self));
    });
}
