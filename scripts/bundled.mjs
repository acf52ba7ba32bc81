/**
 * What of other people's code is in dist/, as esbuild's metafiles tell: a bill of materials (CycloneDX) and the licences
 * that come with it. scripts/bundled.json keeps what is known to be in; a test compares the two.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The packages that left code in a bundle, by name and version.
 * @param metafiles of esbuild; paths in them are relative to `root`
 * @param copied folders of packages of which files were copied
 */
export function bundledPackages(metafiles, root, copied = []) {
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap(({ inputs }) =>
      Object.entries(inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([path]) => path),
    ),
  );
  const folders = new Set([...inputs.flatMap((path) => folderOf(path, root)), ...copied]);
  const packages = [...folders].map(packageIn);
  const byKey = new Map(packages.map((each) => [`${each.name}@${each.version}`, each]));
  return [...byKey.values()].sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/** Writes dist/sbom.cdx.json and dist/licences.txt. */
export function writeBill(packages, root) {
  writeFileSync(join(root, 'dist/sbom.cdx.json'), `${JSON.stringify(billOf(packages, root), null, 1)}\n`);
  writeFileSync(join(root, 'dist/licences.txt'), licencesOf(packages));
}

/** The innermost package that a file of node_modules belongs to; none for files of the house. */
function folderOf(path, root) {
  const [, outside, name] = /^(.*node_modules\/)((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
  return name === undefined ? [] : [resolve(root, outside + name)];
}

function packageIn(folder) {
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const several = Array.isArray(licenses) ? licenses.map(({ type }) => type).join(' OR ') : undefined;
  const named = (typeof license === 'object' ? license?.type : license) ?? several;
  return { name, version, licence: named ?? licenceOfTexts(folder), folder };
}

/** By its first words, where package.json does not name it. */
function licenceOfTexts(folder) {
  return textsIn(folder).some((text) => /^The MIT License/.test(text)) ? 'MIT' : 'unknown';
}

function textsIn(folder) {
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)([.-]|$)/i.test(file));
  return files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
}

function billOf(packages, root) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name, version, licenses: [{ license: { id: license } }] } },
    components: packages.map(componentOf),
  };
}

function componentOf({ name, version, licence }) {
  const [, group, own] = /^(?:(@[^/]+)\/)?(.+)$/.exec(name);
  const purl = `pkg:npm/${group ? `${encodeURIComponent(group)}/` : ''}${own}@${version}`;
  const licenses = / (?:OR|AND|WITH) /.test(licence) ? [{ expression: licence }] : [{ license: { id: licence } }];
  return { type: 'library', 'bom-ref': purl, ...(group && { group }), name: own, version, licenses, purl };
}

/** Each package with the texts that its licence asks to be kept. */
function licencesOf(packages) {
  return packages
    .map(({ name, version, licence, folder }) => [`${name} ${version} (${licence})`, ...textsIn(folder)].join('\n\n'))
    .join(`\n\n${'-'.repeat(80)}\n\n`)
    .concat('\n');
}

function compare(left, right) {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** `--keep`: what the last build bundled is what is known from now on. */
if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv.includes('--keep')) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const { components } = JSON.parse(readFileSync(join(root, 'dist/sbom.cdx.json'), 'utf8'));
  const kept = components.map(({ group, name, version, licenses: [first] }) => ({
    name: group ? `${group}/${name}` : name,
    version,
    licence: first.expression ?? first.license.id,
  }));
  writeFileSync(join(root, 'scripts/bundled.json'), `${JSON.stringify(kept, null, 2)}\n`);
}
