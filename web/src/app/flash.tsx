/** Messages at the top of the page: what a change did, or the error with its code and request id. */
import type { FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, type ReactNode, use, useMemo, useRef, useState } from "react";
import { ApiError } from "../api/errors";

export interface Flash {
  success(content: ReactNode): void;
  info(content: ReactNode): void;
  error(error: unknown, doing?: string): void;
}

const FlashContext = createContext<Flash | undefined>(undefined);
const ItemsContext = createContext<FlashbarProps.MessageDefinition[]>([]);
const MOST = 5;

export function useFlash(): Flash {
  const flash = use(FlashContext);
  if (!flash) throw new Error("useFlash needs FlashProvider");
  return flash;
}

export const useFlashItems = (): FlashbarProps.MessageDefinition[] => use(ItemsContext);

export function FlashProvider({ children }: { children: ReactNode }) {
  const [items, setItems] = useState<FlashbarProps.MessageDefinition[]>([]);
  const count = useRef(0);
  const flash = useMemo<Flash>(() => {
    const add = (item: FlashbarProps.MessageDefinition) => {
      count.current += 1;
      const id = `flash-${count.current}`;
      const onDismiss = () => setItems((old) => old.filter((other) => other.id !== id));
      setItems((old) =>
        [{ ...item, id, dismissible: true, dismissLabel: "Dismiss", onDismiss }, ...old].slice(0, MOST),
      );
    };
    return {
      success: (content) => add({ type: "success", content }),
      info: (content) => add({ type: "info", content }),
      error: (error, doing) => add({ type: "error", header: doing, content: errorText(error) }),
    };
  }, []);
  return (
    <FlashContext value={flash}>
      <ItemsContext value={items}>{children}</ItemsContext>
    </FlashContext>
  );
}

/** `AccessDenied: … (request id …)` */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  return `${error.code}: ${error.message}${error.requestId ? ` (request id ${error.requestId})` : ""}`;
}
