import { Command } from "commander";
import { configJsonSchema } from "../app/mod.ts";
import { EXIT } from "./failure.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";

export function schemaCommand(exit: (code: number) => void): Command {
  return new Command("schema")
    .description("Print the JSON Schema of tenk.yaml, with which editors complete and check it.")
    .addHelpText("after", examples("tenk schema > tenk.schema.json"))
    .action(() => {
      print(JSON.stringify(configJsonSchema(), null, 2));
      exit(EXIT.pass);
    });
}
