/** Grafana's dashboards of a box. They are made by `scripts/dashboards/`, since their library is not needed to hand them out. */
export { type DashboardFilesOptions, dashboardFiles } from "./files.ts";
