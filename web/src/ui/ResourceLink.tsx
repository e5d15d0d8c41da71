/** From a thing's name to its page. */
import Link from "@cloudscape-design/components/link";
import { useBuilt } from "../app/built";
import { useHref } from "../app/url";
import { segment } from "../lib/url";

/** `AWS::S3::Bucket` and an id -> the resource's page; the id alone where there is no such page. */
export function ResourceLink({ type, id, name }: { type: string; id: string; name?: string }) {
  const href = useHref();
  const built = useBuilt();
  const shown = name || id;
  if (!built("/resources/$type/$id")) return <span title={type}>{shown}</span>;
  return (
    <Link href={href(`/resources/${segment(type)}/${segment(id)}`)} ariaLabel={`${shortType(type)} ${shown}`}>
      {shown}
    </Link>
  );
}

/** `AWS::S3::Bucket` -> `S3 Bucket` */
export function shortType(type: string): string {
  return type.replace(/^AWS::/, "").replaceAll("::", " ");
}

/** An incident's page for a resource, an alarm or an event. */
export function InvestigateLink(props: {
  alarm?: string;
  resource?: string;
  event?: string;
  children?: string;
}) {
  const href = useHref();
  const { alarm, resource, event } = props;
  // The range is the incident's own: what the page is about decides it.
  const address = href("/incident", { alarm, resource, event, from: undefined, to: undefined });
  return <Link href={address}>{props.children ?? "Investigate"}</Link>;
}
