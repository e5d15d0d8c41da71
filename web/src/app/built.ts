/** Which paths have a page; the navigation shows no others. */
import { useRouter } from "@tanstack/react-router";

export function useBuilt(): (path: string) => boolean {
  const router = useRouter();
  return (path) => path in router.routesByPath;
}
