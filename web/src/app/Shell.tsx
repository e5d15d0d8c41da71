/** The frame of every page: top bar, side navigation, messages, and the page itself when it is loaded. */
import AppLayout from "@cloudscape-design/components/app-layout-toolbar";
import Box from "@cloudscape-design/components/box";
import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import SideNavigation, { type SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import Spinner from "@cloudscape-design/components/spinner";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { Suspense, useMemo, useState } from "react";
import { DEFAULT_RANGE } from "../lib/time";
import { useBuilt } from "./built";
import { ErrorBoundary } from "./ErrorBoundary";
import { FlashProvider, useFlashItems } from "./flash";
import { GlobalsProvider } from "./globals";
import { LiveProvider, useConnectionLost } from "./live";
import { activePath, LAST_LINKS, type NavLink, SECTIONS, TOP_LINKS } from "./nav";
import { SplitPanelProvider, TrailSlot, useSplitPanel } from "./splitPanel";
import { TopBar } from "./TopBar";
import { useHref } from "./url";

export function Shell() {
  return (
    <GlobalsProvider defaultRange={DEFAULT_RANGE}>
      <LiveProvider>
        <FlashProvider>
          <SplitPanelProvider>
            <TopBar />
            <Layout />
          </SplitPanelProvider>
        </FlashProvider>
      </LiveProvider>
    </GlobalsProvider>
  );
}

function Layout() {
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  const [navigationOpen, setNavigationOpen] = useState(() => window.innerWidth > 1000);
  const panel = useSplitPanel();
  return (
    <AppLayout
      headerSelector="#top-bar"
      navigation={<Navigation pathname={pathname} />}
      navigationOpen={navigationOpen}
      onNavigationChange={({ detail }) => setNavigationOpen(detail.open)}
      notifications={<Flashbar items={useMessages()} stackItems />}
      toolsHide
      breadcrumbs={<TrailSlot />}
      contentType="default"
      splitPanel={panel.content}
      splitPanelOpen={panel.open}
      onSplitPanelToggle={({ detail }) => panel.setOpen(detail.open)}
      splitPanelSize={panel.size}
      onSplitPanelResize={({ detail }) => panel.setSize(detail.size)}
      splitPanelPreferences={{ position: panel.position }}
      onSplitPanelPreferencesChange={({ detail }) => panel.setPosition(detail.position)}
      ariaLabels={{ navigation: "Pages", navigationClose: "Close pages", navigationToggle: "Open pages" }}
      content={
        <ErrorBoundary place={pathname}>
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      }
    />
  );
}

/** What is to be said at the top; first of all that nobody answers. */
function useMessages(): FlashbarProps.MessageDefinition[] {
  const items = useFlashItems();
  const lost = useConnectionLost();
  if (!lost) return items;
  const content =
    "The server does not answer. What you see is what was known; the page goes on by itself when it is back.";
  return [{ type: "warning", id: "connection", content }, ...items];
}

function Loading() {
  return (
    <Box textAlign="center" padding="xxl" color="text-body-secondary">
      <Spinner /> Loading
    </Box>
  );
}

function Navigation({ pathname }: { pathname: string }) {
  const href = useHref();
  const built = useBuilt();
  const items = useMemo(() => {
    const links = (all: NavLink[]): SideNavigationProps.Link[] =>
      all
        .filter((link) => built(link.path))
        .map(({ text, path }) => ({ type: "link", text, href: href(path) }));
    const sections = SECTIONS.map(
      (section): SideNavigationProps.Item => ({
        type: "section",
        text: section.title,
        items: links(section.links),
      }),
    ).filter((section) => section.type === "section" && section.items.length > 0);
    return [...links(TOP_LINKS), ...sections, { type: "divider" } as const, ...links(LAST_LINKS)];
  }, [href, built]);
  return <SideNavigation items={items} activeHref={href(activePath(pathname))} />;
}
