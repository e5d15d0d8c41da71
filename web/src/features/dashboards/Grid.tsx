/**
 * The widgets on 24 columns. By mouse they are dragged and resized; by keyboard the same with the arrow keys on a
 * widget's handle (with Shift: its size), and each step is said. On a narrow screen they stand below each other.
 */
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import GridLayout, { getCompactor, type Layout, type LayoutItem, useContainerWidth } from "react-grid-layout";
import "react-grid-layout/css/styles.css";
import { useGo, useHref } from "../../app/url";
import { graphOf } from "../../lib/graph";
import {
  type Board,
  COLUMNS,
  logQueryOf,
  moved,
  placeText,
  type Step,
  stepped,
  titleOf,
  type Widget,
} from "../../lib/widget";
import { graphParam } from "../metrics/state";
import { WidgetBody } from "./WidgetBody";
import "./dashboards.css";

const ROW = 44;
const GAP = 12;
const HEADER = 44;
const NARROW = 700;
/** While it is dragged a widget lies over the others; where it is dropped they give way, as by keyboard. */
const FREE = getCompactor(null, true);

export interface GridProps {
  board: Board;
  editing: boolean;
  /** The widget in the editor. */
  selected: string | undefined;
  onChange: (board: Board) => void;
  onEdit: (key: string) => void;
  onCopy: (key: string) => void;
  onRemove: (key: string) => void;
}

const STEPS: Record<string, Step> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

export function Grid(props: GridProps) {
  const { board, editing, onChange } = props;
  const { width, containerRef, mounted } = useContainerWidth({ measureBeforeMount: true });
  const [said, setSaid] = useState("");
  const narrow = width < NARROW;
  const key = (widget: Widget) => (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = stepped(board, widget.key, step, event.shiftKey);
    const now = next.widgets.find((one) => one.key === widget.key) ?? widget;
    setSaid(next === board ? `${titleOf(widget)}: at the edge` : `${titleOf(widget)}: ${placeText(now)}`);
    onChange(next);
  };
  const dropped = (_: Layout, __: LayoutItem | null, item: LayoutItem | null) => {
    if (item) onChange(moved(board, item.i, { x: item.x, y: item.y, width: item.w, height: item.h }));
  };
  const frame = (widget: Widget) => (
    <Frame {...props} widget={widget} onKey={key(widget)} movable={!narrow} />
  );
  return (
    <div ref={containerRef} className={editing ? "grid editing" : "grid"}>
      <div role="status" className="visually-hidden">
        {said}
      </div>
      {/* Where it finds an element of this name, react-draggable adds no style of its own, which the policy refuses. */}
      <span hidden id="react-draggable-style-el" />
      {mounted && narrow && (
        <SpaceBetween size="s">
          {inReadingOrder(board.widgets).map((widget) => (
            <div key={widget.key} style={tall(widget) ? { blockSize: pixels(widget.height) } : {}}>
              {frame(widget)}
            </div>
          ))}
        </SpaceBetween>
      )}
      {mounted && !narrow && (
        <GridLayout
          width={width}
          layout={board.widgets.map(({ key: i, x, y, width: w, height: h }) => ({ i, x, y, w, h }))}
          gridConfig={{ cols: COLUMNS, rowHeight: ROW, margin: [GAP, GAP], containerPadding: [0, 0] }}
          dragConfig={{ enabled: editing, handle: ".drag-handle" }}
          resizeConfig={{ enabled: editing, handles: ["se"] }}
          compactor={FREE}
          onDragStop={dropped}
          onResizeStop={dropped}
        >
          {board.widgets.map((widget) => (
            <div key={widget.key}>{frame(widget)}</div>
          ))}
        </GridLayout>
      )}
    </div>
  );
}

export function inReadingOrder(widgets: Widget[]): Widget[] {
  return [...widgets].sort((a, b) => a.y - b.y || a.x - b.x);
}

/** What needs its height below each other; words take what they need. */
const tall = ({ type }: Widget) => type === "metric" || type === "log";

const pixels = (rows: number) => rows * ROW + (rows - 1) * GAP;

interface FrameProps extends GridProps {
  widget: Widget;
  movable: boolean;
  onKey: (event: KeyboardEvent) => void;
}

function Frame({ widget, editing, selected, movable, onKey, onEdit, onCopy, onRemove }: FrameProps) {
  const title = titleOf(widget);
  const bare = widget.type === "text" && !editing;
  const box = useRef<HTMLElement>(null);
  const chosen = selected === widget.key;
  // The editor covers the lower half of the page: what is edited comes above it.
  useEffect(() => {
    if (chosen) box.current?.scrollIntoView({ block: "start", behavior: "instant" });
  }, [chosen]);
  return (
    <article
      ref={box}
      className={chosen ? "widget selected" : "widget"}
      aria-label={title}
      data-widget={widget.key}
    >
      {!bare && (
        <div className="widget-head">
          {editing && movable && (
            <button
              type="button"
              className="drag-handle"
              aria-label={`Move ${title}`}
              title="Drag, or arrow keys; with Shift they resize"
              onKeyDown={onKey}
            >
              ⠿
            </button>
          )}
          <Header variant="h3">{title}</Header>
          <div className="widget-actions">
            {editing ? (
              <>
                <Button
                  variant="inline-icon"
                  iconName="edit"
                  ariaLabel={`Edit ${title}`}
                  onClick={() => onEdit(widget.key)}
                />
                <Button
                  variant="inline-icon"
                  iconName="copy"
                  ariaLabel={`Duplicate ${title}`}
                  onClick={() => onCopy(widget.key)}
                />
                <Button
                  variant="inline-icon"
                  iconName="remove"
                  ariaLabel={`Remove ${title}`}
                  onClick={() => onRemove(widget.key)}
                />
              </>
            ) : (
              <Elsewhere widget={widget} />
            )}
          </div>
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="widget-body" tabIndex={0} aria-label={`${title}: content`}>
        <WidgetBody widget={widget} height={pixels(widget.height) - (bare ? 16 : HEADER) - 18} />
      </section>
    </article>
  );
}

/** Where what a widget shows can be looked into. */
function Elsewhere({ widget }: { widget: Widget }) {
  const href = useHref();
  const go = useGo();
  const { properties } = widget;
  const items: { id: string; text: string; href: string }[] = [];
  if (widget.type === "metric" && Array.isArray(properties.metrics)) {
    const g = String(graphParam.write(graphOf(properties)));
    items.push({ id: "metrics", text: "Open in Metrics", href: href("/metrics", { g, tab: "graphed" }) });
  }
  if (widget.type === "log") {
    const { groups, query } = logQueryOf(String(properties.query ?? ""));
    items.push({
      id: "logs",
      text: "Open in Logs Insights",
      href: href("/logs/insights", { groups, q: query }),
    });
  }
  if (items.length === 0) return null;
  return (
    <ButtonDropdown
      variant="inline-icon"
      ariaLabel={`${titleOf(widget)}: more`}
      expandToViewport
      items={items}
      onItemFollow={(event) => {
        event.preventDefault();
        if (event.detail.href) go(event.detail.href);
      }}
    />
  );
}
