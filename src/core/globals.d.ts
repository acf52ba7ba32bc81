/**
 * What the core takes from whatever runs it, beside the language: every host has these, and each answers from its input
 * alone.
 */
declare function structuredClone<T>(value: T): T;
declare function atob(base64: string): string;
declare function btoa(binary: string): string;
