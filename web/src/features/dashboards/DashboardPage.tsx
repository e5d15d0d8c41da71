/** One dashboard: looked at, or edited. */
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useMemo } from "react";
import { useAws } from "../../app/queries";
import { useHref, usePathParams, useUrlState } from "../../app/url";
import { flag, text } from "../../lib/url";
import { type Board, boardOf, rangeOf } from "../../lib/widget";
import { Page } from "../../ui/Page";
import { Failed, Loading } from "../../ui/PageStates";
import { BoardPage } from "./BoardPage";
import { SourceOnly } from "./SourceModal";

export const SHAPE = { edit: flag() };
const RANGE = { from: text(), to: text() };

export default function DashboardPage() {
  const { name } = usePathParams<"name">();
  const href = useHref();
  const trail = [{ text: "Dashboards", href: href("/dashboards") }];
  const dashboard = useAws("cloudwatch", "GetDashboard", { DashboardName: name }, { keep: false });
  const body = dashboard.data?.DashboardBody;
  const read = useMemo(() => (body === undefined ? undefined : readBoard(body)), [body]);
  useOwnRange(read?.board);
  if (read?.board) return <BoardPage key={name} name={name} stored={read.board} trail={trail} />;
  return (
    <Page title={name} trail={trail}>
      <SpaceBetween size="m">
        {dashboard.error && (
          <Failed error={dashboard.error} doing="No such dashboard" retry={() => void dashboard.refetch()} />
        )}
        {dashboard.error && <Button href={href("/dashboards")}>All dashboards</Button>}
        {dashboard.isPending && <Loading />}
        {read?.problem && <SourceOnly name={name} body={body ?? ""} problem={read.problem} />}
      </SpaceBetween>
    </Page>
  );
}

function readBoard(body: string): { board?: Board; problem?: string } {
  try {
    return { board: boardOf(body) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The dashboard's own range, where the address says none. */
function useOwnRange(board: Board | undefined): void {
  const [range, setRange] = useUrlState(RANGE);
  const own = useMemo(() => board && rangeOf(board.rest), [board]);
  useEffect(() => {
    if (own && !range.from && !range.to) setRange(own, { replace: true });
  }, [own, range.from, range.to, setRange]);
}
