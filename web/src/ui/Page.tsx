/** A page's frame: title, what it is for, its actions and, where it depends on time, the time range. */
import Breadcrumbs from "@cloudscape-design/components/breadcrumb-group";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useEffect } from "react";
import { TimeRangePicker } from "../app/TimeRangePicker";

export interface PageProps {
  title: string;
  description?: ReactNode;
  /** Beside the title: a state badge, a count. */
  info?: ReactNode;
  counter?: string;
  actions?: ReactNode;
  /** Show the global time range. */
  timed?: boolean;
  /** From the section down to the page; made with `useHref`. */
  trail?: { text: string; href: string }[];
  children: ReactNode;
}

export function Page({ title, description, info, counter, actions, timed, trail, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Triptych`;
  }, [title]);
  return (
    <SpaceBetween size="xs">
      {trail && <Breadcrumbs items={[...trail, { text: title, href: "" }]} ariaLabel="Breadcrumbs" />}
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
                {timed && <TimeRangePicker />}
              </SpaceBetween>
            }
          >
            {title}
          </Header>
        }
      >
        {children}
      </ContentLayout>
    </SpaceBetween>
  );
}
