export { ConnectionsView } from "./connections.tsx";
