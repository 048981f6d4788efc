/** Layer 3: what a part of tenk is, and what all parts share: the words of the configuration, addresses, routes. */
export { type Address, formatAddress, parseAddress } from "./address.ts";
export type { Panel, PanelChart } from "./panel.ts";
export type {
  CheckEnv,
  Listening,
  Part,
  PartEnv,
  PartType,
  PlannedAddress,
  PreparedChange,
} from "./part.ts";
export { holderText, isPortOurs, logPortInUse, type PortHolder, portHolder } from "./port-holder.ts";
export type { JsonRoute, JsonRoutes } from "./routes.ts";
export type { Service } from "./services.ts";
export type { StatusCell, StatusColumn, StatusLook, StatusTable } from "./status-table.ts";
export {
  address,
  addresses,
  count,
  duration,
  hostAndPort,
  inRange,
  oneOf,
  onOff,
  pem,
  quantity,
  section,
  sectionOrTrue,
  size,
  text,
  words,
} from "./words.ts";
