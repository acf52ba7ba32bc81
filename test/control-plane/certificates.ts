import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The server of a kubeconfig's first cluster, and the certificates of its first user, as text. */
export function certificatesOf(path: string): { server: string; ca: string; cert: string; key: string } {
  const { clusters, users } = parse(readFileSync(path, 'utf8'));
  const { server } = clusters[0].cluster;
  const of = (body: Record<string, string>, name: string) => {
    const inline = body[`${name}-data`];
    return inline ? Buffer.from(inline, 'base64').toString() : readFileSync(body[name]!, 'utf8');
  };
  return {
    server,
    ca: of(clusters[0].cluster, 'certificate-authority'),
    cert: of(users[0].user, 'client-certificate'),
    key: of(users[0].user, 'client-key'),
  };
}
