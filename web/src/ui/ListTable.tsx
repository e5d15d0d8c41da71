/** A table of things that fit in memory: text filter, order and page in the URL, a hundred rows at a time. */
import { useCollection } from "@cloudscape-design/collection-hooks";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { type ReactNode, useMemo } from "react";
import { useUrlState } from "../app/url";
import { plural } from "../lib/format";
import { integer, text } from "../lib/url";
import { Empty, Failed } from "./PageStates";
import "../styles/records.css";

export interface Column<T> {
  id: string;
  header: string;
  cell: (item: T) => ReactNode;
  /** What the column sorts by, and what the text filter looks at. */
  value?: (item: T) => string | number | undefined;
  width?: number;
}

export interface ListTableProps<T> {
  title: string;
  description?: ReactNode;
  items: T[];
  columns: Column<T>[];
  keyOf: (item: T) => string;
  loading?: boolean;
  error?: Error | null;
  retry?: () => void;
  /** There are more on the server than were fetched. */
  more?: (() => void) | undefined;
  actions?: ReactNode;
  /** Beside the text filter, above the rows. */
  filters?: ReactNode;
  empty: ReactNode;
  selected?: T[];
  onSelect?: (items: T[]) => void;
  multi?: boolean;
  /** Before the keys in the URL, where a page has several tables. */
  prefix?: string;
  variant?: TableProps.Variant;
  pageSize?: number;
  noFilter?: boolean;
  nameOf?: (item: T) => string;
}

const shapeOf = (prefix: string) => ({
  [`${prefix}q`]: text(),
  [`${prefix}sort`]: text(),
  [`${prefix}page`]: integer(1, 1),
});

export function ListTable<T>(props: ListTableProps<T>) {
  const { items, columns, prefix = "", pageSize = 50 } = props;
  const shape = useMemo(() => shapeOf(prefix), [prefix]);
  const [state, setState] = useUrlState(shape);
  const q = String(state[`${prefix}q`] ?? "");
  const sort = String(state[`${prefix}sort`] ?? "");
  const page = Number(state[`${prefix}page`] ?? 1);
  const found = useMemo(() => matching(items, columns, q), [items, columns, q]);
  const sorted = useMemo(() => inOrder(found, columns, sort), [found, columns, sort]);
  const pages = Math.max(1, Math.ceil(sorted.length / pageSize));
  const shown = sorted.slice((Math.min(page, pages) - 1) * pageSize, Math.min(page, pages) * pageSize);
  const { collectionProps } = useCollection(shown, {});
  const name = props.nameOf ?? props.keyOf;
  return (
    <>
      {props.error && <Failed error={props.error} {...(props.retry ? { retry: props.retry } : {})} />}
      <Table<T>
        ref={collectionProps.ref}
        variant={props.variant ?? "container"}
        items={shown}
        trackBy={(item) => props.keyOf(item)}
        loading={props.loading ?? false}
        loadingText="Loading"
        wrapLines
        columnDefinitions={columns.map((column, index) => ({
          id: column.id,
          header: column.header,
          cell: column.cell,
          isRowHeader: index === 0,
          ...(column.value ? { sortingField: column.id } : {}),
          ...(column.width ? { width: column.width } : {}),
        }))}
        {...(sort ? { sortingColumn: { sortingField: sort.replace(/^-/, "") } } : {})}
        sortingDescending={sort.startsWith("-")}
        onSortingChange={({ detail }) =>
          setState({
            [`${prefix}sort`]: `${detail.isDescending ? "-" : ""}${detail.sortingColumn.sortingField ?? ""}`,
          })
        }
        {...(props.onSelect
          ? {
              selectionType: props.multi ? ("multi" as const) : ("single" as const),
              selectedItems: props.selected ?? [],
              onSelectionChange: ({ detail }) => props.onSelect?.(detail.selectedItems),
            }
          : {})}
        ariaLabels={{
          tableLabel: props.title,
          selectionGroupLabel: "Selection",
          allItemsSelectionLabel: () => "Select all",
          itemSelectionLabel: (_, item) => `Select ${name(item)}`,
        }}
        header={
          <Header
            variant={props.variant === "embedded" || props.variant === "borderless" ? "h3" : "h2"}
            counter={`(${items.length.toLocaleString("en-US")}${props.more ? "+" : ""})`}
            description={props.description}
            actions={props.actions && <div className="actions">{props.actions}</div>}
          >
            {props.title}
          </Header>
        }
        filter={
          props.noFilter ? undefined : (
            <div className="actions list-filters">
              <TextFilter
                filteringText={q}
                filteringPlaceholder="Find"
                filteringAriaLabel={`Find in ${props.title.toLowerCase()}`}
                countText={q ? plural(found.length, "match", "matches") : ""}
                onChange={({ detail }) =>
                  setState({ [`${prefix}q`]: detail.filteringText, [`${prefix}page`]: 1 }, { replace: true })
                }
              />
              {props.filters}
            </div>
          )
        }
        pagination={
          pages > 1 || props.more ? (
            <Pagination
              currentPageIndex={Math.min(page, pages)}
              pagesCount={pages}
              ariaLabels={{ paginationLabel: `Pages of ${props.title.toLowerCase()}` }}
              onChange={({ detail }) => setState({ [`${prefix}page`]: detail.currentPageIndex })}
            />
          ) : undefined
        }
        empty={
          q && items.length > 0 ? (
            <Empty
              title="Nothing matches"
              action={<Button onClick={() => setState({ [`${prefix}q`]: "" })}>Clear the filter</Button>}
            />
          ) : // What could not be fetched is not known to be none.
          props.error ? undefined : (
            props.empty
          )
        }
        footer={
          props.more && (
            <Button variant="inline-link" onClick={props.more}>
              Fetch more
            </Button>
          )
        }
      />
    </>
  );
}

function matching<T>(items: T[], columns: Column<T>[], q: string): T[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items.filter((item) => {
    const all = columns.map((column) => String(column.value?.(item) ?? "").toLowerCase()).join("\n");
    return words.every((word) => all.includes(word));
  });
}

function inOrder<T>(items: T[], columns: Column<T>[], sort: string): T[] {
  const value = columns.find((column) => column.id === sort.replace(/^-/, ""))?.value;
  if (!value) return items;
  const sign = sort.startsWith("-") ? -1 : 1;
  return [...items].sort((a, b) => sign * compare(value(a), value(b)));
}

function compare(a: string | number | undefined, b: string | number | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
