import { join } from "node:path";
import instance from "./tenk.json" with { type: "json" };
import load from "./tenk-load.json" with { type: "json" };

export interface DashboardFilesOptions {
  /** Where the files will be when Grafana reads them: an absolute path. */
  readonly folder: string;
  /** Where Grafana finds Prometheus. @default {"http://127.0.0.1:9090"} */
  readonly prometheusUrl?: string;
  /** Where Prometheus finds tenk's `/metrics`. @default {"127.0.0.1:9190"} */
  readonly instanceAddress?: string;
}

/**
 * Returns the files with which Grafana and Prometheus show an instance, by path:
 *
 * ```text
 *  dashboards/tenk.json, tenk-load.json            the dashboards
 *  provisioning/dashboards/tenk.yaml               tells Grafana where these are
 *  provisioning/datasources/tenk.yaml              tells Grafana where Prometheus is
 *  prometheus.yml                                  tells Prometheus where tenk is
 * ```
 *
 * @example
 * Object.keys(dashboardFiles({ folder: "/srv/tenk" })).length; // 5
 */
export function dashboardFiles(options: DashboardFilesOptions): Readonly<Record<string, string>> {
  const { folder, prometheusUrl = "http://127.0.0.1:9090", instanceAddress = "127.0.0.1:9190" } = options;
  const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    "dashboards/tenk.json": json(instance),
    "dashboards/tenk-load.json": json(load),
    "provisioning/dashboards/tenk.yaml": provider(join(folder, "dashboards")),
    "provisioning/datasources/tenk.yaml": datasource(prometheusUrl),
    "prometheus.yml": scrape(instanceAddress),
  };
}

// JSON strings are valid YAML, whatever the value.

function provider(path: string): string {
  return `# Into Grafana's provisioning/dashboards; "path" is where Grafana finds the dashboards.
apiVersion: 1
providers:
  - name: tenk
    type: file
    allowUiUpdates: true
    options:
      path: ${JSON.stringify(path)}
`;
}

function datasource(url: string): string {
  return `# Into Grafana's provisioning/datasources.
apiVersion: 1
datasources:
  - name: Prometheus (tenk)
    uid: tenk
    type: prometheus
    access: proxy
    url: ${JSON.stringify(url)}
    jsonData:
      timeInterval: 5s
`;
}

function scrape(address: string): string {
  return `# Configures Prometheus for one instance of tenk; or copy the job into your own.
scrape_configs:
  - job_name: tenk
    scrape_interval: 5s
    static_configs:
      - targets: [${JSON.stringify(address)}]
`;
}
