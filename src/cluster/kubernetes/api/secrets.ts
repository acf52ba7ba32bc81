/** A URL without the name and password before its host, which are for connecting alone; and these, where it has them. */
export function splitLogin(url: string): { readonly url: string; readonly login?: string } {
  const parsed = new URL(url);
  const { username, password } = parsed;
  if (username === '' && password === '') return { url };
  parsed.username = '';
  parsed.password = '';
  return { url: parsed.href, login: `${decoded(username)}:${decoded(password)}` };
}

/** The header by which a name and a password, joined by a colon, are shown to a server (RFC 7617). */
export function basic(login: string): string {
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
