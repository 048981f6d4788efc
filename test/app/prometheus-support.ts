/** A Prometheus of a test's own, and what a dashboard asks one. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../net/support.ts";

export interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly repeat?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr?: string }[];
  /** Of a row that is closed. */
  readonly panels?: readonly GrafanaPanel[];
}

/** All panels of a dashboard, those of closed rows too. */
export function panelsOf({ panels }: { panels: readonly GrafanaPanel[] }): GrafanaPanel[] {
  return panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

export function expressionsOf(panels: readonly GrafanaPanel[]): { panel: string; expression: string }[] {
  return panels.flatMap(({ title, targets = [] }) =>
    targets.flatMap(({ expr }) => (expr === undefined ? [] : [{ panel: title, expression: expr }])),
  );
}

/** As Grafana does before it asks. */
export function filledIn(expression: string, variables: Readonly<Record<string, string>>): string {
  return expression.replace(/\$(\w+)/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`nobody says what $${name} is in ${expression}`);
    return value;
  });
}

export interface Answered {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus extends Disposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Asks at this moment, or at `atSeconds`. */
  query(expression: string, atSeconds?: number): Promise<Answered[]>;
  /** All samples of the last ten minutes. */
  samples(selector: string): Promise<{ metric: Answered["metric"]; values: [atSeconds: number, value: number][] }[]>;
}

/** Starts Debian's on a free port of loopback, with a folder that goes when it ends. @param scrapes `scrape_configs` @param host it listens on */
export async function startPrometheus(scrapes: readonly object[], host = "127.0.0.1"): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-prometheus-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = { global: { scrape_interval: "1s", scrape_timeout: "1s" }, scrape_configs: scrapes };
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  const child = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${host}:${port}`,
      "--web.enable-remote-write-receiver",
      "--log.level=warn",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  child.stderr!.on("data", (text) => {
    said += text;
  });
  await ready(child, url, () => said);
  async function ask(expression: string, atSeconds?: number): Promise<QueryAnswer["data"]> {
    const body = new URLSearchParams({
      query: expression,
      ...(atSeconds === undefined ? {} : { time: `${atSeconds}` }),
    });
    const response = await fetch(`${url}/api/v1/query`, { method: "POST", body });
    const { status, error, data } = (await response.json()) as QueryAnswer;
    if (status !== "success") throw new Error(`${expression}: ${error}`);
    return data;
  }
  return {
    url,
    async query(expression, atSeconds) {
      const { resultType, result } = await ask(expression, atSeconds);
      // A scalar is its value alone.
      if (resultType === "scalar") return [{ metric: {}, value: Number(result[1]) }];
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async samples(selector) {
      const { result } = await ask(`${selector}[10m]`);
      return result.map(({ metric, values }) => ({ metric, values: values.map(([at, value]) => [at, Number(value)]) }));
    },
    [Symbol.dispose]() {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface QueryAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric: Record<string, string>;
      /** Of an instant. */
      readonly value: readonly [number, string];
      /** Of a range. */
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

async function ready(child: ChildProcess, url: string, said: () => string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) break;
    const response = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Prometheus is not ready: ${said()}`);
}
