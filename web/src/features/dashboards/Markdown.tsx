/** Markdown as elements; nothing in it becomes HTML. */
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import { createElement, Fragment, type ReactNode, useMemo } from "react";
import { type Block, type Inline, markdown } from "../../lib/markdown";

export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => markdown(text), [text]);
  return <div className="markdown">{blocks.map(blockOf)}</div>;
}

// The tree is made anew from its text: places in it are the only names its parts have.
function blockOf(block: Block, key: number): ReactNode {
  switch (block.kind) {
    case "heading":
      // A dashboard's own headings stand below the page's.
      return createElement(`h${Math.min(block.level + 1, 6)}`, { key }, inlines(block.children));
    case "paragraph":
      return <p key={key}>{inlines(block.children)}</p>;
    case "quote":
      return <blockquote key={key}>{block.children.map(blockOf)}</blockquote>;
    case "code":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre key={key} className="mono" tabIndex={0}>
          {block.text}
        </pre>
      );
    case "rule":
      return <hr key={key} />;
    case "list": {
      const items = block.items.map((item, index) => <li key={String(index)}>{itemOf(item)}</li>);
      if (!block.ordered) return <ul key={key}>{items}</ul>;
      return (
        <ol key={key} start={block.start}>
          {items}
        </ol>
      );
    }
    case "table":
      return (
        <table key={key}>
          <thead>
            <tr>
              {block.head.map((cell, index) =>
                createElement("th", { key: index, scope: "col" }, inlines(cell)),
              )}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row, at) =>
              createElement(
                "tr",
                { key: at },
                row.map((cell, index) => createElement("td", { key: index }, inlines(cell))),
              ),
            )}
          </tbody>
        </table>
      );
  }
}

/** An item of one paragraph is its words. */
function itemOf(blocks: Block[]): ReactNode {
  const [only] = blocks;
  return blocks.length === 1 && only?.kind === "paragraph" ? inlines(only.children) : blocks.map(blockOf);
}

function inlines(parts: Inline[]): ReactNode {
  return parts.map((part, index) => createElement(Fragment, { key: index }, inlineOf(part)));
}

function inlineOf(part: Inline): ReactNode {
  switch (part.kind) {
    case "text":
      return part.text;
    case "code":
      return <code className="mono">{part.text}</code>;
    case "strong":
      return <strong>{inlines(part.children)}</strong>;
    case "emphasis":
      return <em>{inlines(part.children)}</em>;
    case "struck":
      return <s>{inlines(part.children)}</s>;
    case "break":
      return <br />;
    case "link": {
      const outside = !part.href.startsWith("#");
      if (part.button) {
        return (
          <Button
            href={part.href}
            {...(part.button === "primary" ? { variant: "primary" as const } : {})}
            {...(outside ? { target: "_blank", rel: "noreferrer noopener" } : {})}
          >
            {inlines(part.children)}
          </Button>
        );
      }
      return (
        <Link href={part.href} external={outside} {...(outside ? { rel: "noreferrer noopener" } : {})}>
          {inlines(part.children)}
        </Link>
      );
    }
  }
}
