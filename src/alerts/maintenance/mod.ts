/** Maintenance windows: begun by a person, or by schedule. Pure. */
export {
  ALL,
  checkServices,
  type KeptMaintenance,
  MAX_MAINTENANCE_MS,
  MaintenanceWindows,
  type PlannedMaintenance,
} from "./maintenance.ts";
