/** The alarms a composite alarm depends on, down to those that watch metrics. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useHref } from "../../app/url";
import { type AnyAlarm, conditionOf, isComposite } from "../../lib/alarm";
import { segment } from "../../lib/url";
import { Loading } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { AlarmGraph } from "./AlarmGraph";
import { useNamedAlarms } from "./queries";
import "./alarms.css";

const DEPTH = 6;

/** Names in a rule, bare or quoted, of ARNs the last part; each once. */
export function namesOf(rule: string): string[] {
  const found: string[] = [];
  const call = /\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|([^()\s"]+))\s*\)/g;
  for (const [, quoted, bare] of rule.matchAll(call))
    found.push(quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "");
  for (const [, list = ""] of rule.matchAll(/AT_LEAST\s*\([^()]*\(([^()]*)\)/g)) {
    for (const [, quoted, bare] of list.matchAll(/"((?:[^"\\]|\\.)*)"|([^\s,"]+)/g)) {
      found.push(quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "");
    }
  }
  const names = found.map((name) => /^arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:(.*)$/.exec(name)?.[1] ?? name);
  return [...new Set(names)];
}

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
      <Branch alarm={alarm} path={[alarm.AlarmName ?? ""]} />
    </SpaceBetween>
  );
}

function Branch({ alarm, path }: { alarm: AnyAlarm; path: string[] }) {
  const names = namesOf(alarm.AlarmRule ?? "");
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
      {deeper && <Branch alarm={alarm} path={[...path, name]} />}
      {!isComposite(alarm) && path.length === 1 && <AlarmGraph alarm={alarm} height={110} bare />}
    </li>
  );
}
