/** Names a text by a digest of its UTF-8 bytes (SHA-256, 64 hexadecimal digits; handed in). */
export type Hash = (text: string) => string;
