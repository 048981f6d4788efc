/** `AdGuardHome.yaml`, as `dns:`. */
export { importAdguard } from "./import.ts";
