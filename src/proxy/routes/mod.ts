/** Which service a request is for. */
export { hasDotSegment, PathPrefix } from "./path-prefix.ts";
export { HostRoutes, hostKey, type PathRoute, type RoutePattern, RouteTable } from "./route-table.ts";
