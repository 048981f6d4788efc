import { Command } from "commander";
import { dnsLogCommand } from "./dns-log.ts";
import { dnsWhyCommand } from "./dns-why.ts";

export function dnsCommand(exit: (code: number) => void): Command {
  return new Command("dns")
    .description("The name server of a running tenk: its query log, and why names are answered as they are.")
    .addCommand(dnsLogCommand(exit))
    .addCommand(dnsWhyCommand(exit));
}
