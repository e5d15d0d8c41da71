/** A long list of rows of any height: only what is in view is in the page. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";

export interface VirtualLogProps<T> {
  items: readonly T[];
  keyOf: (item: T) => string;
  row: (item: T, index: number) => ReactNode;
  /** The accessible name. */
  label: string;
  height?: number | string;
  /** Pixels of a row before it is measured. */
  estimate?: number;
  /** Stay at the end as rows arrive, until the reader scrolls up. */
  follow?: boolean;
  onFollowChange?: (follow: boolean) => void;
  /** The end is in view: time to fetch more. */
  onEnd?: () => void;
  /** Bring this row into view, once per value. */
  scrollTo?: number | undefined;
}

export function VirtualLog<T>(props: VirtualLogProps<T>) {
  const { items, follow = false, scrollTo, onEnd } = props;
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => props.estimate ?? 24,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : props.keyOf(item);
    },
    overscan: 12,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? -1;

  useLayoutEffect(() => {
    if (follow && items.length > 0) rows.scrollToIndex(items.length - 1, { align: "end" });
  }, [follow, items.length, rows]);
  useEffect(() => {
    if (scrollTo !== undefined && scrollTo >= 0) rows.scrollToIndex(scrollTo, { align: "center" });
  }, [scrollTo, rows]);
  useEffect(() => {
    if (last >= 0 && last >= items.length - 1) onEnd?.();
  }, [last, items.length, onEnd]);

  return (
    <section
      ref={box}
      className="virtual-log"
      style={{ blockSize: props.height ?? 480 }}
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        const atEnd = scrollHeight - scrollTop - clientHeight < 40;
        if (atEnd !== follow) props.onFollowChange?.(atEnd);
      }}
    >
      <div className="virtual-log-rows" style={{ blockSize: rows.getTotalSize() }}>
        {shown.map((virtual) => {
          const item = items[virtual.index];
          return (
            <div
              key={virtual.key}
              ref={rows.measureElement}
              data-index={virtual.index}
              className="virtual-log-row"
              style={{ transform: `translateY(${virtual.start}px)` }}
            >
              {item !== undefined && props.row(item, virtual.index)}
            </div>
          );
        })}
      </div>
    </section>
  );
}
