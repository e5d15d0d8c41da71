import { json } from "@codemirror/lang-json";
import { MergeView as Merge } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { codeLooks } from "./codeTheme";

/** Two JSON texts side by side, unchanged stretches folded. */
export default function MergeView({ before, after }: { before: string; after: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return;
    const side = (doc: string, label: string) => ({
      doc,
      extensions: [
        json(),
        codeLooks(),
        EditorView.lineWrapping,
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      ],
    });
    const view = new Merge({
      a: side(before, "Before"),
      b: side(after, "After"),
      parent: box.current,
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    });
    return () => view.destroy();
  }, [before, after]);
  return <div ref={box} className="merge" />;
}
