import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import { useHref } from "./url";

export function NotFound() {
  const href = useHref();
  return (
    <Box textAlign="center" padding="xxl">
      <Box variant="h1">No such page</Box>
      <Box variant="p" color="text-body-secondary">
        The address names nothing this console has.
      </Box>
      <Link href={href("/")}>Overview</Link>
    </Box>
  );
}
