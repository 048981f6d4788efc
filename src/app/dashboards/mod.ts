/** Grafana dashboards for tenk. `scripts/dashboards/` generates them, so that its library is no dependency of the program. */
export { type DashboardFilesOptions, dashboardFiles } from "./files.ts";
