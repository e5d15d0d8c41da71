/** The one time range of the console, with refresh: every page that depends on time shows it in its header. */
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import DateRangePicker, { type DateRangePickerProps } from "@cloudscape-design/components/date-range-picker";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { formatRange, resolved, type TimeRange, type Zone } from "../lib/time";
import { useGlobals } from "./globals";

type Unit = DateRangePickerProps.TimeUnit;
const UNITS: Record<string, Unit> = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };
const LETTERS: Record<string, string> = { second: "s", minute: "m", hour: "h", day: "d", week: "w" };
const QUICK: [number, Unit][] = [
  [15, "minute"],
  [1, "hour"],
  [3, "hour"],
  [12, "hour"],
  [1, "day"],
  [3, "day"],
  [1, "week"],
];
const REFRESH: [number, string][] = [
  [0, "No automatic refresh"],
  [10, "Every 10 seconds"],
  [60, "Every minute"],
  [300, "Every 5 minutes"],
  [900, "Every 15 minutes"],
];

/** The picker's value of a range. */
export function toPicker(range: TimeRange, zone: Zone): DateRangePickerProps.Value {
  const relative = /^now-(\d+)([smhdw])$/.exec(range.from);
  const unit = UNITS[relative?.[2] ?? ""];
  if (relative && unit && range.to === "now") {
    return { type: "relative", amount: Number(relative[1]), unit, key: `${relative[1]}${relative[2]}` };
  }
  const { from, to } = resolved(range, Date.now());
  return { type: "absolute", startDate: iso(from, zone), endDate: iso(to, zone) };
}

/** A range of the picker's value; undefined for units the URL does not have (months, years). */
export function fromPicker(value: DateRangePickerProps.Value): TimeRange | undefined {
  if (value.type === "relative") {
    const letter = LETTERS[value.unit];
    return letter ? { from: `now-${value.amount}${letter}`, to: "now" } : undefined;
  }
  const [from, to] = [Date.parse(value.startDate), Date.parse(value.endDate)];
  return from < to ? { from: String(from), to: String(to) } : undefined;
}

function iso(t: number, zone: Zone): string {
  if (zone === "utc") return new Date(t).toISOString().replace(/\.\d+Z$/, "+00:00");
  const minutes = -new Date(t).getTimezoneOffset();
  const sign = minutes < 0 ? "-" : "+";
  const two = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, "0");
  const local = new Date(t + minutes * 60_000).toISOString().slice(0, 19);
  return `${local}${sign}${two(minutes / 60)}:${two(minutes % 60)}`;
}

export function TimeRangePicker({ shown }: { shown?: TimeRange }) {
  const globals = useGlobals();
  const range = shown ?? globals.range;
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <DateRangePicker
        value={toPicker(range, globals.zone)}
        onChange={({ detail }) => {
          const range = detail.value && fromPicker(detail.value);
          if (range) globals.setRange(range);
        }}
        relativeOptions={QUICK.map(([amount, unit]) => ({
          key: `${amount}${LETTERS[unit]}`,
          amount,
          unit,
          type: "relative" as const,
        }))}
        isValidRange={(value) =>
          value && fromPicker(value)
            ? { valid: true }
            : { valid: false, errorMessage: "A start before its end, in seconds to weeks." }
        }
        customRelativeRangeUnits={["second", "minute", "hour", "day", "week"]}
        getTimeOffset={(date) => (globals.zone === "utc" ? 0 : -date.getTimezoneOffset())}
        absoluteFormat="iso"
        hideTimeOffset
        expandToViewport
        showClearButton={false}
        placeholder="Time range"
        ariaLabel={`Time range: ${formatRange(range, globals.zone)}`}
      />
      <ButtonDropdown
        items={REFRESH.map(([seconds, text]) => ({
          id: String(seconds),
          text,
          itemType: "checkbox" as const,
          checked: globals.refreshSeconds === seconds,
        }))}
        onItemClick={({ detail }) => globals.setRefresh(Number(detail.id))}
        mainAction={{ iconName: "refresh", ariaLabel: "Refresh", onClick: globals.refresh }}
        ariaLabel="Automatic refresh"
        expandToViewport
      />
    </SpaceBetween>
  );
}
