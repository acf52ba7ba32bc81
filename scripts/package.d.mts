export function packageExtension(): Promise<{ readonly path: string; readonly bytes: number }>;
