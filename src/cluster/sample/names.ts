/**
 * What a controller calls a task of an owner: the owner's name, the task's number where there are several, five
 * letters.
 * @param uid of the task; the same gives the same name
 */
export function taskName(owner: string, number: number | undefined, uid: string): string {
  return `${owner}-${number === undefined ? '' : `${number}-`}${suffix(uid)}`;
}

/** Five letters that look generated and are the same for the same uid. */
function suffix(uid: string): string {
  let hash = 2166136261;
  for (let index = 0; index < uid.length; index += 1) hash = Math.imul(hash ^ uid.charCodeAt(index), 16777619);
  const letters = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from({ length: 5 }, () => {
    hash = Math.imul(hash ^ (hash >>> 13), 0x5bd1e995);
    return letters[(hash >>> 4) % letters.length]!;
  }).join('');
}
