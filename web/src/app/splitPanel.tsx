/** What a page puts into the frame around it: its breadcrumbs, and the panel it may open beside or below itself: `<DetailPanel header="…" onClose={…}>…</DetailPanel>`. */
import type { AppLayoutProps } from "@cloudscape-design/components/app-layout";
import SplitPanel from "@cloudscape-design/components/split-panel";
import { createContext, type ReactNode, use, useLayoutEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";

interface Panel {
  content: ReactNode;
  open: boolean;
  setOpen(open: boolean): void;
  size: number;
  setSize(size: number): void;
  position: AppLayoutProps.SplitPanelPreferences["position"];
  setPosition(position: AppLayoutProps.SplitPanelPreferences["position"]): void;
}

interface Owner {
  header: string;
  close: () => void;
}

const PanelContext = createContext<Panel | undefined>(undefined);
const SlotContext = createContext<
  { slot: HTMLElement | null; claim(owner: Owner | undefined): void } | undefined
>(undefined);

const TrailContext = createContext<
  { slot: HTMLElement | null; setSlot(slot: HTMLElement | null): void } | undefined
>(undefined);

/** Where the breadcrumbs go; the page puts them there with `InTrail`. */
export function TrailSlot() {
  return <div ref={use(TrailContext)?.setSlot} />;
}

export function InTrail({ children }: { children: ReactNode }) {
  const slot = use(TrailContext)?.slot;
  return slot ? createPortal(children, slot) : null;
}

export function SplitPanelProvider({ children }: { children: ReactNode }) {
  const [owner, setOwner] = useState<Owner>();
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  const [trail, setTrail] = useState<HTMLElement | null>(null);
  const trails = useMemo(() => ({ slot: trail, setSlot: setTrail }), [trail]);
  const [size, setSize] = useState(360);
  const [position, setPosition] = useState<Panel["position"]>("bottom");
  const panel = useMemo<Panel>(
    () => ({
      content: owner ? (
        <SplitPanel header={owner.header} closeBehavior="hide">
          <div ref={setSlot} />
        </SplitPanel>
      ) : undefined,
      open: owner !== undefined,
      setOpen: (open) => {
        if (!open) owner?.close();
      },
      size,
      setSize,
      position,
      setPosition,
    }),
    [owner, size, position],
  );
  const slots = useMemo(() => ({ slot, claim: setOwner }), [slot]);
  return (
    <SlotContext value={slots}>
      <PanelContext value={panel}>
        <TrailContext value={trails}>{children}</TrailContext>
      </PanelContext>
    </SlotContext>
  );
}

export function useSplitPanel(): Panel {
  const panel = use(PanelContext);
  if (!panel) throw new Error("useSplitPanel needs SplitPanelProvider");
  return panel;
}

/** Shown while it is rendered; `onClose` is called when the reader closes the panel. */
export function DetailPanel(props: { header: string; onClose: () => void; children: ReactNode }) {
  const slots = use(SlotContext);
  if (!slots) throw new Error("DetailPanel needs SplitPanelProvider");
  const onClose = useRef(props.onClose);
  useLayoutEffect(() => {
    onClose.current = props.onClose;
  });
  const { claim, slot } = slots;
  useLayoutEffect(() => {
    claim({ header: props.header, close: () => onClose.current() });
  }, [claim, props.header]);
  useLayoutEffect(() => () => claim(undefined), [claim]);
  return slot ? createPortal(props.children, slot) : null;
}
