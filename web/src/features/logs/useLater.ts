import { useEffect, useState } from "react";

/** The value once it has not changed for a while: what is asked while somebody types. */
export function useLater<T>(value: T, ms = 300): T {
  const [late, setLate] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return late;
}
