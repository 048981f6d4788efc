import { Command } from "commander";
import { hashPassword } from "../auth/mod.ts";
import { TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";

const MAX_BYTES = 4096;

export function passwordCommand(exit: (code: number) => void): Command {
  return new Command("password")
    .description("Read a password from the terminal or standard input and print its hash, for dashboard.password.")
    .addHelpText("after", examples("tenk password", "tenk password < password.txt > password.hash"))
    .action(async () => {
      const password = process.stdin.isTTY ? await typedTwice() : await pipedLine();
      print(await hashPassword(password));
      exit(EXIT.pass);
    });
}

async function pipedLine(): Promise<string> {
  let text = "";
  for await (const part of process.stdin) {
    text += String(part);
    if (text.length > MAX_BYTES) break;
  }
  return text.split(/\r?\n/)[0] ?? "";
}

async function typedTwice(): Promise<string> {
  const first = await typed("password: ");
  if ((await typed("once more: ")) === first) return first;
  throw new TenkError("usage", "The two are not the same");
}

/** Reads a line without showing it. */
function typed(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const { stdin } = process;
  stdin.setRawMode(true).setEncoding("utf8").resume();
  return new Promise((resolve, reject) => {
    let text = "";
    function end(): void {
      stdin.off("data", take).setRawMode(false).pause();
      process.stderr.write("\n");
    }
    function take(keys: string): void {
      for (const key of keys) {
        if (key === "\r" || key === "\n") {
          end();
          resolve(text);
          return;
        }
        if (key === "\u0003" || key === "\u0004") {
          end();
          reject(new TenkError("usage", "No password was given"));
          return;
        }
        if (key === "\u007f" || key === "\b") text = [...text].slice(0, -1).join("");
        else if (key >= " ") text += key;
      }
    }
    stdin.on("data", take);
  });
}
