/** The alarms a composite alarm depends on, down to those that watch metrics. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense } from "react";
import { useHref } from "../../app/url";
import { type AnyAlarm, conditionOf, isComposite } from "../../lib/alarm";
import { namesOf } from "../../lib/composite";
import { segment } from "../../lib/url";
import { Loading } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { useNamedAlarms } from "./queries";
import "./alarms.css";

const AlarmGraph = lazy(async () => ({ default: (await import("./AlarmGraph")).AlarmGraph }));

const DEPTH = 6;
const GRAPH = 110;

export function CompositeTree({ alarm }: { alarm: AnyAlarm }) {
  return (
    <SpaceBetween size="s">
      <Box>
        <span className="mono breaks">{alarm.AlarmRule}</span>
      </Box>
      {alarm.ActionsSuppressedBy && (
        <Alert type="info" header="Its actions are suppressed">
          {alarm.ActionsSuppressedReason}
        </Alert>
      )}
      <RuleTree rule={alarm.AlarmRule ?? ""} path={[alarm.AlarmName ?? ""]} />
    </SpaceBetween>
  );
}

/** `path`: the composite alarms above. */
export function RuleTree({ rule, path }: { rule: string; path: string[] }) {
  const names = namesOf(rule);
  const { query, alarms } = useNamedAlarms(names);
  if (query.isPending && names.length > 0) return <Loading />;
  return (
    <ul className="tree">
      {names.map((name) => (
        <Leaf key={name} name={name} alarm={alarms?.find((one) => one.AlarmName === name)} path={path} />
      ))}
    </ul>
  );
}

function Leaf({ name, alarm, path }: { name: string; alarm: AnyAlarm | undefined; path: string[] }) {
  const href = useHref();
  if (!alarm) {
    return (
      <li>
        {name} <Box variant="small">does not exist</Box>
      </li>
    );
  }
  const deeper = isComposite(alarm) && !path.includes(name) && path.length < DEPTH;
  return (
    <li>
      <div className="tree-row">
        <StateBadge state={alarm.StateValue} />
        <Link href={href(`/alarms/${segment(name)}`)}>{name}</Link>
        <Box variant="small" color="text-body-secondary">
          {isComposite(alarm) ? "Composite" : conditionOf(alarm)}
        </Box>
      </div>
      {deeper && <RuleTree rule={alarm.AlarmRule ?? ""} path={[...path, name]} />}
      {!isComposite(alarm) && path.length === 1 && (
        <Suspense fallback={<div style={{ minHeight: GRAPH }} />}>
          <AlarmGraph alarm={alarm} height={GRAPH} bare />
        </Suspense>
      )}
    </li>
  );
}
