import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command } from "commander";
import { configJsonSchema } from "../app/mod.ts";
import { messageOf, systemCodeOf, TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { DEFAULT_FILE } from "./up.ts";

const SCHEMA_FILE = "tenk.schema.json";

const START = `# yaml-language-server: $schema=./${SCHEMA_FILE}
# Nothing must be set: tenk check prints every setting and its default.
version: 1
tcp:
  packets: { listen: 9091, handler: sink }
# domain: home.arpa
# services:
#   git: http://127.0.0.1:3000      # https://git.home.arpa, with a certificate, probed, on the page
# dns: { blocklists: [stevenblack] }
`;

export function initCommand(exit: (code: number) => void): Command {
  return new Command("init")
    .description("Write a tenk.yaml to start from, and the schema with which an editor completes and checks it.")
    .argument("[file]", "the configuration", DEFAULT_FILE)
    .addHelpText("after", examples("tenk init", "tenk init /etc/tenk/tenk.yaml"))
    .action((file: string) => {
      const schema = join(dirname(file), SCHEMA_FILE);
      print(write(file, START, "wx"));
      // A newer tenk has a newer schema, and nobody edits it.
      print(write(schema, `${JSON.stringify(configJsonSchema(), null, 2)}\n`, "w"));
      print(`now: tenk check --config ${file}`);
      exit(EXIT.pass);
    });
}

function write(file: string, text: string, flag: "w" | "wx"): string {
  try {
    writeFileSync(file, text, { flag });
    return `wrote ${file}`;
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return `kept ${file}, which was there`;
    throw new TenkError("file-unreadable", `Cannot write ${file}: ${messageOf(error)}`, { cause: error });
  }
}
