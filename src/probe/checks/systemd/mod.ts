/** Units of systemd, over D-Bus. */
export { checkSystemd, type SystemdCheck, type SystemdPlace } from "./systemd-check.ts";
