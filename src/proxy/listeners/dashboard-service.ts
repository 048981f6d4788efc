import type { HttpAnswer, OwnDashboard, Service } from "../../part/mod.ts";

const STARTING: HttpAnswer = {
  type: "respond",
  status: 503,
  body: "The dashboard is starting. Try again in a second.\n",
  contentType: "text/plain; charset=utf-8",
};

/** Returns a service that leads to the dashboard as one that forwards to where it listens now; others as they are. */
export function withDashboard(service: Service, dashboard: OwnDashboard): Service {
  const { name, http } = service;
  if (http?.answer.type !== "dashboard") return service;
  const { target } = dashboard;
  if (target === undefined) return { ...service, http: { ...http, answer: STARTING } };
  const targets = [{ url: target, weight: 1, draining: false }];
  const { request } = http.headers;
  const headers = { ...http.headers, request: { ...request, set: [...request.set, dashboard.header(name)] } };
  return {
    ...service,
    http: { ...http, headers, answer: { type: "forward", forward: { ...http.answer.forward, targets } } },
  };
}
