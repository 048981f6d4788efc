import { Command } from "commander";
import { dataFolderOf, findToken, loadConfig, readTokenOf, sharedToken, usualDataFolder } from "../app/mod.ts";
import { TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { DEFAULT_FILE, defaultFile } from "./up.ts";

interface TokenOptions {
  readonly config?: string;
  readonly readOnly?: boolean;
}

export function tokenCommand(exit: (code: number) => void): Command {
  return new Command("token")
    .description("Print the token of this machine's dashboard: with it a program or another box gets in from anywhere.")
    .option("--read-only", "print the one that reads everything and changes nothing")
    .option("--config <file>", `configuration (default: ${DEFAULT_FILE} where it exists)`)
    .addHelpText("after", examples("tenk token", "tenk token --read-only > nas.token"))
    .action((options: TokenOptions) => {
      print(tokenOf(options));
      exit(EXIT.pass);
    });
}

function tokenOf({ config, readOnly = false }: TokenOptions): string {
  const loaded = loadConfig(config ?? defaultFile());
  const folder = dataFolderOf(loaded, usualDataFolder());
  const token = sharedToken(loaded) ?? findToken(folder);
  if (token !== undefined) return readOnly ? readTokenOf(token) : token;
  const hint =
    "the first tenk up makes it; that of another user's instance is printed by that user, such as sudo tenk token";
  throw new TenkError("file-unreadable", `Cannot read a token in ${folder}: there is none that is yours`, { hint });
}
