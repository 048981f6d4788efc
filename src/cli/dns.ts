import { Command } from "commander";
import { dnsLogCommand } from "./dns-log.ts";

export function dnsCommand(exit: (code: number) => void): Command {
  return new Command("dns")
    .description("Ask the name server of a running tenk what it did.")
    .addCommand(dnsLogCommand(exit));
}
