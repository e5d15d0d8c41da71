/** Who may have caused it: ranked, each with the reasons it was ranked by. */
import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useFormatTime } from "../../app/globals";
import { plural } from "../../lib/format";
import { formatDuration } from "../../lib/time";
import { Empty } from "../../ui/PageStates";
import { ResourceLink } from "../../ui/ResourceLink";
import type { Suspect, Timeline } from "./types";

const SHOWN = 5;
/** In words; from what to what stands in the panel, where there is room. */
const CHANGED = { CREATE: "Added", UPDATE: "Changed", DELETE: "Removed" };

export function Suspects(props: { timeline: Timeline; selected: string; onSelect: (id: string) => void }) {
  const { suspects, focus } = props.timeline;
  return (
    <Container
      header={
        <Header
          variant="h2"
          counter={`(${suspects.length})`}
          description={focus ? `of ${focus.what}` : undefined}
        >
          Likely causes
        </Header>
      }
    >
      {suspects.length === 0 ? (
        <Empty title={focus ? "No call stands out" : "Nothing went wrong here"}>
          {focus
            ? "No recorded call before the start touches what this is about."
            : "Causes are looked for when an alarm fires or a rule is broken."}
        </Empty>
      ) : (
        <ol className="suspects">
          {suspects.slice(0, SHOWN).map((suspect, index) => (
            <li key={suspect.id}>
              <Cause
                suspect={suspect}
                rank={index + 1}
                start={focus?.t}
                chosen={suspect.id === props.selected}
                onSelect={() => props.onSelect(suspect.id)}
              />
            </li>
          ))}
        </ol>
      )}
    </Container>
  );
}

function Cause(props: {
  suspect: Suspect;
  rank: number;
  start: number | undefined;
  chosen: boolean;
  onSelect: () => void;
}) {
  const { suspect, start } = props;
  const formatTime = useFormatTime();
  const before =
    start === undefined
      ? ""
      : `, ${formatDuration(Math.abs(start - suspect.t))} ${suspect.t <= start ? "before" : "after"}`;
  return (
    <div className={`suspect ${props.chosen ? "suspect-chosen" : ""}`}>
      <SpaceBetween size="xxs">
        <div>
          <button type="button" className="link-button" onClick={props.onSelect} aria-pressed={props.chosen}>
            {suspect.title}
          </button>
        </div>
        <Box variant="small" color="text-body-secondary">
          {formatTime(suspect.t)}
          {before}
          {suspect.sourceIp ? `, from ${suspect.sourceIp}` : ""}
          {suspect.alike ? `, and ${plural(suspect.alike, "call")} like it` : ""}
        </Box>
        <SpaceBetween direction="horizontal" size="xxs">
          <Badge color={suspect.certain ? "red" : "grey"}>
            {suspect.certain ? "certain" : `score ${suspect.score}`}
          </Badge>
          {suspect.resources.slice(0, 2).map((resource) => (
            <Box key={`${resource.type} ${resource.id}`} variant="small">
              <ResourceLink type={resource.type} id={resource.id} />
            </Box>
          ))}
        </SpaceBetween>
        <ul className="reasons" aria-label={`Reasons for cause ${props.rank}`}>
          {suspect.reasons.map((reason) => (
            <li key={reason.code}>
              {reason.text}{" "}
              <span className="weight">{reason.weight > 0 ? `+${reason.weight}` : reason.weight}</span>
            </li>
          ))}
        </ul>
        {props.chosen && suspect.changes.length > 0 && (
          <ul className="reasons" aria-label="Changed properties of this cause">
            {suspect.changes.map((change) => (
              <li key={change.path} className="breaks">
                {CHANGED[change.changeType]} <span className="mono">{change.path}</span>
              </li>
            ))}
          </ul>
        )}
      </SpaceBetween>
    </div>
  );
}
