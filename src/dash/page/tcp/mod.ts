import type { PartView } from "../part-view.ts";
import { ConnectionsView } from "./connections/mod.ts";
import { listenersOf, TcpPanel } from "./panel.tsx";
import { TCP_CHARTED } from "./series.ts";
import { trafficSpec } from "./specs.ts";

/** The view of the part `tcp`. */
export const tcpView: PartView = {
  name: "tcp",
  charted: TCP_CHARTED,
  mainChart: (names, known) => trafficSpec(names, listenersOf(known)),
  Panel: TcpPanel,
  tab: { name: "connections", title: "Connections", View: ConnectionsView },
};
