/** Live Tail: lines as they arrive. Scrolling up pauses; what arrives meanwhile is waiting below. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useMemo, useRef, useState } from "react";
import { useFormatTime } from "../../app/globals";
import { useUrlState } from "../../app/url";
import { plural } from "../../lib/format";
import { formatDuration } from "../../lib/time";
import { list, text } from "../../lib/url";
import { CopyAs } from "../../ui/CopyAs";
import { Page } from "../../ui/Page";
import { Empty, Failed } from "../../ui/PageStates";
import { StateBadge } from "../../ui/StateBadge";
import { VirtualLog } from "../../ui/VirtualLog";
import { FirstLines } from "./FirstLines";
import { GroupPicker } from "./GroupPicker";
import { LogLine } from "./LogLine";
import { MOST_LINES, type Tail, type TailLine, useTail } from "./useTail";

const SHAPE = { groups: list(), filter: text(), hl: list() };

export default function TailPage() {
  const [state, setState] = useUrlState(SHAPE);
  const [filter, setFilter] = useState(state.filter);
  const tail = useTail(state.groups, state.filter);
  const running = tail.status === "running" || tail.status === "connecting";
  const wanted = `${state.filter}\n${state.groups.join("\n")}`;
  const started = useRef("");
  const { start } = tail;
  useEffect(() => {
    // Opened with groups in the address, or changed while it ran: what is asked for is what is shown.
    if (state.groups.length === 0 || started.current === wanted) return;
    if (started.current === "" || running) {
      started.current = wanted;
      start();
    }
  }, [wanted, state.groups.length, running, start]);
  const input = {
    logGroupIdentifiers: state.groups,
    ...(state.filter ? { logEventFilterPattern: state.filter } : {}),
  };
  return (
    <Page
      title="Live Tail"
      description="Log lines as they arrive"
      info={<Status tail={tail} />}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <CopyAs service="logs" operation="StartLiveTail" input={input} />
          <Button onClick={tail.clear} disabled={tail.lines.length === 0}>
            Clear
          </Button>
          {running ? (
            <Button onClick={tail.stop}>Stop</Button>
          ) : (
            <Button
              variant="primary"
              disabled={state.groups.length === 0}
              onClick={() => {
                started.current = wanted;
                start();
              }}
            >
              Start
            </Button>
          )}
        </SpaceBetween>
      }
    >
      <SpaceBetween size="s">
        <Grid
          gridDefinition={[
            { colspan: { default: 12, s: 5 } },
            { colspan: { default: 12, s: 4 } },
            { colspan: { default: 12, s: 3 } },
          ]}
        >
          <FormField label="Log groups" stretch>
            <GroupPicker chosen={state.groups} most={10} onChange={(groups) => setState({ groups })} />
          </FormField>
          <FormField label="Filter pattern" stretch>
            <form
              onSubmit={(event) => {
                event.preventDefault();
                setState({ filter: filter.trim() });
              }}
            >
              <Input
                value={filter}
                placeholder="?ERROR ?WARN; Enter applies it"
                spellcheck={false}
                onChange={({ detail }) => setFilter(detail.value)}
                onBlur={() => setState({ filter: filter.trim() })}
              />
            </form>
          </FormField>
          <FormField label="Highlight" stretch>
            <Terms terms={state.hl} onChange={(hl) => setState({ hl }, { replace: true })} />
          </FormField>
        </Grid>
        {tail.error && <Failed error={tail.error} doing="The session ended" retry={start} />}
        {tail.sampled && (
          <Alert type="warning">
            More lines match than a session carries: what you see is a sample. A narrower filter shows all of
            them.
          </Alert>
        )}
        <Lines tail={tail} groups={state.groups} terms={state.hl} running={running} />
      </SpaceBetween>
    </Page>
  );
}

function Status({ tail }: { tail: Tail }) {
  const [now, setNow] = useState(Date.now);
  const running = tail.status === "running";
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  if (tail.status === "idle") return null;
  if (tail.status === "ended") return <StateBadge state="DISABLED" text="Stopped" />;
  const text = running
    ? `Live for ${formatDuration(Math.max(0, now - (tail.startedAt ?? now)))}`
    : "Connecting";
  return <StateBadge state="IN_PROGRESS" text={text} />;
}

function Lines(props: { tail: Tail; groups: string[]; terms: string[]; running: boolean }) {
  const { tail, groups, terms, running } = props;
  const formatTime = useFormatTime();
  const [follow, setFollow] = useState(true);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [seen, setSeen] = useState(0);
  const last = (tail.lines.at(-1)?.number ?? -1) + 1;
  useEffect(() => {
    if (follow) setSeen(last);
  }, [follow, last]);
  if (tail.lines.length === 0) {
    if (!running && tail.status !== "ended")
      return <Empty title="Choose log groups to watch">Their new lines appear here, within a second.</Empty>;
    return (
      <Empty title={running ? "Waiting for lines" : "No lines arrived"}>
        {groups[0] && <FirstLines group={groups[0]} exists />}
      </Empty>
    );
  }
  const toggle = (number: number) => {
    const next = new Set(open);
    if (!next.delete(number)) next.add(number);
    setOpen(next);
  };
  return (
    <>
      <VirtualLog<TailLine>
        label="Live lines"
        items={tail.lines}
        height="calc(100vh - 380px)"
        keyOf={(line) => String(line.number)}
        follow={follow}
        onFollowChange={setFollow}
        row={(line) => (
          <LogLine
            time={formatTime(line.timestamp ?? 0, { ms: true })}
            stream={
              groups.length > 1 ? line.logGroupIdentifier?.split(":").at(-1) : (line.logStreamName ?? "")
            }
            message={line.message ?? ""}
            terms={terms}
            open={open.has(line.number)}
            onToggle={() => toggle(line.number)}
          />
        )}
      />
      <SpaceBetween direction="horizontal" size="s" alignItems="center">
        <Box variant="small">
          {plural(tail.lines.length, "line")}
          {tail.dropped > 0 &&
            `; the oldest ${tail.dropped.toLocaleString("en-US")} of more than ${MOST_LINES.toLocaleString("en-US")} were let go`}
        </Box>
        {!follow && (
          <Button iconName="angle-down" onClick={() => setFollow(true)}>
            {last > seen ? `Paused: ${plural(last - seen, "new line")}` : "Paused: follow again"}
          </Button>
        )}
      </SpaceBetween>
    </>
  );
}

/** Up to five terms, each with a colour of its own. */
function Terms({ terms, onChange }: { terms: string[]; onChange: (terms: string[]) => void }) {
  const [written, setWritten] = useState("");
  const badges = useMemo(() => terms.map((term, index) => ({ term, look: `term-${index % 5}` })), [terms]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const term = written.trim();
        if (term && !terms.includes(term)) onChange([...terms, term].slice(0, 5));
        setWritten("");
      }}
    >
      <Input
        value={written}
        placeholder="A term; Enter adds it"
        disabled={terms.length >= 5}
        onChange={({ detail }) => setWritten(detail.value)}
      />
      <div className="terms">
        {badges.map(({ term, look }) => (
          <button
            key={term}
            type="button"
            className={look}
            aria-label={`Remove ${term}`}
            onClick={() => onChange(terms.filter((other) => other !== term))}
          >
            {term} ×
          </button>
        ))}
      </div>
    </form>
  );
}
