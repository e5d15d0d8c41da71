/** A page's frame: title, what it is for, its actions and, where it depends on time, the time range. */
import Breadcrumbs from "@cloudscape-design/components/breadcrumb-group";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useEffect } from "react";
import { InTrail } from "../app/splitPanel";
import { TimeRangePicker } from "../app/TimeRangePicker";
import { useHref } from "../app/url";
import type { TimeRange } from "../lib/time";

export interface PageProps {
  title: string;
  description?: ReactNode;
  /** Beside the title: a state badge, a count. */
  info?: ReactNode;
  counter?: string;
  actions?: ReactNode;
  /** Show the global time range; or the range this page shows when it chose one itself. */
  timed?: boolean | TimeRange | undefined;
  /** From the section down to the page; made with `useHref`. */
  trail?: { text: string; href: string }[];
  children: ReactNode;
}

export function Page({ title, description, info, counter, actions, timed, trail, children }: PageProps) {
  const href = useHref();
  useEffect(() => {
    document.title = `${title} · Triptych`;
  }, [title]);
  return (
    <>
      <InTrail>
        <Breadcrumbs
          items={[{ text: "Triptych", href: href("/") }, ...(trail ?? []), { text: title, href: "" }]}
          ariaLabel="Breadcrumbs"
        />
      </InTrail>
      <ContentLayout
        header={
          <Header
            variant="h1"
            description={description}
            info={info}
            counter={counter}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                {actions}
                {timed && <TimeRangePicker {...(timed === true ? {} : { shown: timed })} />}
              </SpaceBetween>
            }
          >
            {title}
          </Header>
        }
      >
        {children}
      </ContentLayout>
    </>
  );
}
