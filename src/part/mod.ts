/** Layer 3: the contract of a part, and what parts share: fields of configuration schemas, addresses, routes, status tables. */

export { type Address, formatAddress, isLoopback, isWildcard, parseAddress } from "./address.ts";
export type { CertificateDeclaration, Certificates } from "./certificates.ts";
export { type Condition, Conditions } from "./conditions.ts";
export {
  address,
  addresses,
  count,
  type Description,
  duration,
  hostAndPort,
  inRange,
  isPasswordHash,
  list,
  oneOf,
  onOff,
  pem,
  quantity,
  type SettingMeta,
  type ShortForm,
  SWITCH,
  section,
  sectionOrTrue,
  size,
  text,
} from "./fields.ts";
export { HTTP_APPLICATIONS, type HttpApplication, isHttpApplication } from "./http-applications.ts";
export { Maintenance, type MaintenanceWindow } from "./maintenance.ts";
export type { Mark } from "./mark.ts";
export { type ContainerNote, type OfferedService, OfferedServices, type RefusedOffer } from "./offered-services.ts";
export type { OwnDashboard } from "./own-dashboard.ts";
export { type DohEntry, type DohTarget, OwnResolver, type ResolverOffer, type SitePage } from "./own-resolver.ts";
export type { Panel, PanelChart } from "./panel.ts";
export type {
  CheckEnv,
  Listening,
  Part,
  PartEnv,
  PartType,
  PlannedAddress,
  PreparedChange,
  WebPorts,
} from "./part.ts";
export { holderText, isPortOurs, logPortInUse, type PortHolder, portHolder } from "./port-holder.ts";
export type { Problem } from "./problem.ts";
export { choiceParam, numberParam } from "./query.ts";
export type { JsonRoute, JsonRoutes, OpenAnswer, OpenRequest, OpenRoutes } from "./routes.ts";
export { readSecret, type SecretPlace, type SecretSource, secretLine } from "./secret.ts";
export type { ServiceProbe, ServiceProbeTls } from "./service-probe.ts";
export {
  type HeaderEdits,
  type HeaderField,
  type HstsPolicy,
  type HttpAnswer,
  type HttpAuth,
  type HttpFiles,
  type HttpForward,
  type HttpHealth,
  type HttpService,
  type HttpTargetLimits,
  type HttpTargetTls,
  type HttpTimeouts,
  type PublicService,
  publicService,
  type Service,
  type ServiceTarget,
  withoutPassword,
} from "./services.ts";
export { SharedTopics, type TopicLink, type TopicSource } from "./shared-topics.ts";
export type { StatusCell, StatusColumn, StatusLook, StatusTable } from "./status-table.ts";
export {
  type DnsQuestion,
  type HostAndPort,
  isOpaqueTarget,
  isWatchedKind,
  WATCHED_EXAMPLES,
  WATCHED_KINDS,
  type WatchedKind,
  type WatchedTargets,
  watchedTarget,
} from "./watched-target.ts";
