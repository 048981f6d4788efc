/** An archive of Pi-hole's Teleporter, as `dns:`. */
export { importPihole } from "./teleporter.ts";
