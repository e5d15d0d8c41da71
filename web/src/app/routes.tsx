/** Every page: its path and the module it is loaded from when it is first visited. One line per page. */
import { createHashHistory, createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { lazy } from "react";
import { parseSearch, stringifySearch } from "../lib/url";
import { NotFound } from "./NotFound";
import { type Load, resilient } from "./resilient";
import { Shell } from "./Shell";

/** A page nobody has built yet: it has no route and no entry in the navigation. */
const soon = undefined;

/** Path -> module. Parameters in a path are `$name`; the page reads them with `usePathParams`. */
const PAGES: Record<string, Load | undefined> = {
  "/": () => import("../features/overview/OverviewPage"),
  "/incidents": () => import("../features/incident/IncidentsPage"),
  "/incident": () => import("../features/incident/IncidentPage"),

  "/alarms": () => import("../features/alarms/AlarmsPage"),
  "/alarms/new": () => import("../features/alarms/AlarmFormPage"),
  "/alarms/$name": () => import("../features/alarms/AlarmPage"),
  "/alarms/$name/edit": () => import("../features/alarms/AlarmFormPage"),
  "/metrics": () => import("../features/metrics/MetricsPage"),
  "/dashboards": () => import("../features/dashboards/DashboardsPage"),
  "/dashboards/$name": () => import("../features/dashboards/DashboardPage"),
  "/metric-streams": soon,
  "/insight-rules": soon,
  "/anomaly-detectors": soon,

  "/logs/groups": () => import("../features/logs/GroupsPage"),
  "/logs/groups/$group": () => import("../features/logs/GroupPage"),
  "/logs/groups/$group/events": () => import("../features/logs/EventsPage"),
  "/logs/groups/$group/streams/$stream": () => import("../features/logs/EventsPage"),
  "/logs/insights": () => import("../features/logs/InsightsPage"),
  "/logs/tail": () => import("../features/logs/TailPage"),
  "/logs/queries": () => import("../features/logs/QueriesPage"),

  "/events": () => import("../features/audit/EventsPage"),
  "/events/$id": () => import("../features/audit/EventPage"),
  "/trails": () => import("../features/audit/TrailsPage"),
  "/trails/$name": () => import("../features/audit/TrailPage"),
  "/lake": soon,

  "/resources": () => import("../features/config/ResourcesPage"),
  "/resources/$type/$id": () => import("../features/config/ResourcePage"),
  "/rules": () => import("../features/config/RulesPage"),
  "/rules/new": () => import("../features/config/NewRulePage"),
  "/rules/$name": () => import("../features/config/RulePage"),
  "/remediations": () => import("../features/config/RemediationsPage"),
  "/conformance-packs": soon,
  "/queries": () => import("../features/config/QueriesPage"),
  "/recorder": () => import("../features/config/RecorderPage"),

  "/settings": () => import("../features/settings/SettingsPage"),
};

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const routes = Object.entries(PAGES).flatMap(([path, load]) =>
  load ? [createRoute({ getParentRoute: () => root, path, component: lazy(resilient(load)) })] : [],
);

export const router = createRouter({
  routeTree: root.addChildren(routes),
  history: createHashHistory(),
  parseSearch,
  stringifySearch,
  // Names and ARNs stand in paths; what is written there is what is shown.
  pathParamsAllowedCharacters: [":", "@", "$", "+"],
});
