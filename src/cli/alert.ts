import { Command } from "commander";
import { type AlertsView, channelsOf, type TestResult, testChannel, unknownChannel } from "../alerts/mod.ts";
import { type LoadedConfig, loadConfig } from "../app/mod.ts";
import { formatDuration, TenkError } from "../base/mod.ts";
import { EXIT } from "./failure.ts";
import { askInstance, instanceOption, tellInstance } from "./instance-request.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";
import { table } from "./table.ts";
import { DEFAULT_FILE, defaultFile } from "./up.ts";

/** The longest that `alerts.timeout` may be. */
const TEST_TIMEOUT_MS = 125_000;

export function alertCommand(exit: (code: number) => void): Command {
  return new Command("alert")
    .description("Alerts of a running tenk: what is open and who was told, and a test of its channels.")
    .addCommand(testCommand(exit))
    .addCommand(listCommand(exit));
}

interface TestOptions {
  url: URL;
  config?: string;
  json?: boolean;
}

function testCommand(exit: (code: number) => void): Command {
  return new Command("test")
    .description("Send a test message to one channel, or to all.")
    .argument("[channel]", "its name under alerts.channels")
    .addOption(instanceOption())
    .option(
      "--config <file>",
      `send by this configuration, without a running tenk (default: ${DEFAULT_FILE}, where none runs)`,
    )
    .option("--json", "print as JSON")
    .addHelpText("after", examples("tenk alert test", "tenk alert test phone", "tenk alert test --config tenk.yaml"))
    .action(async (channel: string | undefined, options: TestOptions, command: Command) => {
      const isNamed = command.getOptionValueSource("url") !== "default";
      const results = await testAll(channel, options, isNamed);
      if (options.json) print(JSON.stringify(results, null, 2));
      else
        print(
          table(
            results.map(({ channel: name, isSent, why }) => [name, isSent ? "sent" : `not sent: ${why}`]),
            "ll",
          ),
        );
      exit(results.every(({ isSent }) => isSent) ? EXIT.pass : EXIT.failed);
    });
}

/** Asks the instance, which has the environment and the rights that it runs with; where none runs, sends by the configuration. */
async function testAll(
  channel: string | undefined,
  { url, config }: TestOptions,
  isNamed: boolean,
): Promise<readonly TestResult[]> {
  if (config !== undefined) return testHere(loadConfig(config), channel);
  const request = {
    what: "a test message",
    body: channel === undefined ? {} : { channel },
    timeoutMs: TEST_TIMEOUT_MS,
  };
  try {
    const { results } = await tellInstance<{ results: readonly TestResult[] }>(
      { url, isNamed },
      "api/alerts/test",
      request,
    );
    return results;
  } catch (error) {
    const isAway = error instanceof TenkError && error.code === "connect-failed";
    const file = defaultFile();
    if (!isAway || isNamed || file === undefined) throw error;
    return testHere(loadConfig(file), channel);
  }
}

async function testHere(loaded: LoadedConfig, name: string | undefined): Promise<TestResult[]> {
  const { alerts } = loaded.config;
  const all = alerts === undefined ? [] : channelsOf(alerts, loaded);
  const chosen = all.filter((each) => name === undefined || each.name === name);
  if (chosen.length === 0)
    throw new TenkError(
      "usage",
      unknownChannel(
        name,
        all.map((each) => each.name),
      ),
    );
  return Promise.all(chosen.map((each) => testChannel(each, alerts?.name)));
}

function listCommand(exit: (code: number) => void): Command {
  return new Command("list")
    .description("Show what an alert is open for, and who was told.")
    .addOption(instanceOption())
    .option("--json", "print as JSON")
    .addHelpText("after", examples("tenk alert list", "tenk alert list --json"))
    .action(async ({ url, json }: { url: URL; json?: boolean }) => {
      const view = await askInstance<AlertsView>(url, "api/alerts/list", { what: "its alerts" });
      print(json ? JSON.stringify(view, null, 2) : listText(view, Date.now()));
      exit(EXIT.pass);
    });
}

/**
 * ```text
 * problem  state  for  told   to be told  why
 * git      down   10m  phone              nothing listens on 127.0.0.1:3000: is it running?
 * ```
 */
export function listText({ incidents }: AlertsView, nowMs: number): string {
  if (incidents.length === 0) return "no alert is open";
  const rows = incidents.map(({ subject, state, beganMs, endedMs, told, waiting, reason, isFlapping, isHeld }) => [
    subject,
    endedMs !== null ? "over" : isFlapping ? `${state}, comes and goes` : isHeld ? `${state}, held` : state,
    formatDuration(Math.max(0, Math.round(((endedMs ?? nowMs) - beganMs) / 1000) * 1000)),
    told.join(", "),
    waiting.join(", "),
    reason,
  ]);
  return table([["problem", "state", "for", "told", "to be told", "why"], ...rows], "llrlll");
}
