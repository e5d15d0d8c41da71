/** How code looks in both modes: design tokens for text, so every colour has the contrast of text. */

import {
  colorBackgroundContainerContent,
  colorBackgroundItemSelected,
  colorBackgroundLayoutMain,
  colorBorderDividerDefault,
  colorBorderItemFocused,
  colorTextBodyDefault,
  colorTextBodySecondary,
  colorTextLinkDefault,
  colorTextStatusError,
  colorTextStatusInfo,
  colorTextStatusSuccess,
} from "@cloudscape-design/design-tokens";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const style = HighlightStyle.define([
  {
    tag: [tags.keyword, tags.operatorKeyword, tags.modifier],
    color: colorTextLinkDefault,
    fontWeight: "bold",
  },
  { tag: [tags.string, tags.regexp], color: colorTextStatusSuccess },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: colorTextStatusInfo },
  { tag: [tags.function(tags.variableName), tags.typeName], color: colorTextLinkDefault },
  { tag: tags.propertyName, color: colorTextBodyDefault, fontWeight: "bold" },
  { tag: tags.comment, color: colorTextBodySecondary, fontStyle: "italic" },
  { tag: tags.invalid, color: colorTextStatusError },
]);

const theme = EditorView.theme({
  "&": { color: colorTextBodyDefault, backgroundColor: colorBackgroundContainerContent, fontSize: "13px" },
  "&.cm-focused": { outline: `2px solid ${colorBorderItemFocused}` },
  ".cm-content": {
    fontFamily: 'Menlo, Consolas, "DejaVu Sans Mono", monospace',
    caretColor: colorTextBodyDefault,
  },
  ".cm-cursor": { borderLeftColor: colorTextBodyDefault },
  ".cm-gutters": {
    backgroundColor: colorBackgroundContainerContent,
    color: colorTextBodySecondary,
    border: "none",
  },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: `${colorBackgroundItemSelected} !important`,
  },
  ".cm-placeholder": { color: colorTextBodySecondary },
  ".cm-tooltip": {
    backgroundColor: colorBackgroundContainerContent,
    color: colorTextBodyDefault,
    border: `1px solid ${colorBorderDividerDefault}`,
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: colorBackgroundItemSelected,
    color: colorTextBodyDefault,
  },
  ".cm-completionDetail": { color: colorTextBodySecondary },
  ".cm-panels": { backgroundColor: colorBackgroundLayoutMain, color: colorTextBodyDefault },
  ".cm-changedLine, .cm-deletedChunk": { backgroundColor: `${colorBackgroundItemSelected} !important` },
});

/** The nonce the server gave this page; CodeMirror's styles need it. */
function nonce(): string {
  return document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
}

export function codeLooks(): Extension {
  return [theme, syntaxHighlighting(style), EditorView.cspNonce.of(nonce())];
}
