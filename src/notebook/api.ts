export type StowageOptions = {
  readonly context: () => unknown;
  readonly signal: () => AbortSignal | undefined;
  readonly resolvePath: (path: string) => string;
};
export function makeStowage(_options: StowageOptions): object {
  return {};
}
