import * as module from 'node:module';
import { type AnyNode, type Expression, type Pattern, type Program, parse, type VariableDeclaration } from 'acorn';

export type CellLanguage = 'javascript' | 'typescript';

/**
 * A cell made ready to run in the kernel's global scope. Lines stay where they are in the cell, so that an error names
 * the cell's own line.
 */
export type PreparedCell = {
  /** The top level's function declarations: each runs as a script of its own, first, and is then a global that may be declared again. */
  readonly functions: readonly { readonly code: string; readonly lineOffset: number; readonly columnOffset: number }[];
  /** The rest, as the body of an async function that returns the value of the cell's last expression. */
  readonly body: string;
  /** Names the cell declares at its top level; they become properties of the global object. */
  readonly declares: readonly string[];
};

/** What the transformed code calls; the kernel defines them as globals. */
export const CELL_HOOKS = {
  /** `(specifier, options?) => Promise<module>` for every import. */
  load: '__load',
  /** `import.meta`. */
  meta: '__meta',
  /** `(value) => Promise<value>`: an await that ends when the user stops the cell. */
  live: '__live',
  /** `(iterable) => iterable`: the same for `for await`. */
  liveEach: '__liveEach',
} as const;

/** The cell is not JavaScript (or TypeScript). `line` counts from 1, `column` from 0. */
export class CellSyntaxError extends SyntaxError {
  override readonly name = 'SyntaxError';
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/**
 * Turns a cell into what the kernel runs: declarations into globals, imports into calls, awaits into ones that can be
 * stopped, the last expression into the result.
 * @throws CellSyntaxError
 */
export function prepareCell(source: string, language: CellLanguage): PreparedCell {
  const code = language === 'typescript' ? stripTypes(source) : source;
  const program = parseCell(code);
  const edits = new Edits(code);
  const declares = new Set<string>();
  const functions: { start: number; end: number; line: number; column: number }[] = [];
  rewriteEverywhere(program, edits);
  for (const statement of program.body) {
    switch (statement.type) {
      case 'ImportDeclaration': {
        const pairs = statement.specifiers.map((specifier) => {
          declares.add(specifier.local.name);
          if (specifier.type === 'ImportNamespaceSpecifier') return { all: specifier.local.name };
          const imported = specifier.type === 'ImportDefaultSpecifier' ? '"default"' : nameText(specifier.imported);
          return { one: `${imported}: ${specifier.local.name}` };
        });
        const from = `await ${CELL_HOOKS.load}(${JSON.stringify(statement.source.value)}${attributesText(statement)})`;
        const named = `{ ${pairs.flatMap((pair) => pair.one ?? []).join(', ')} }`;
        const chain = [named, ...pairs.flatMap((pair) => pair.all ?? [])].join(' = ');
        edits.replace(statement.start, statement.end, `void (${chain} = ${from});`);
        break;
      }
      case 'ExportAllDeclaration':
      case 'ExportDefaultDeclaration':
      case 'ExportNamedDeclaration':
        throw new CellSyntaxError(
          'A cell cannot export: what it declares is seen by all later cells anyway',
          statement.loc?.start.line ?? 1,
          statement.loc?.start.column ?? 0,
        );
      case 'FunctionDeclaration': {
        const { line, column } = statement.loc?.start ?? { line: 1, column: 0 };
        functions.push({ start: statement.start, end: statement.end, line, column });
        declares.add(statement.id.name);
        break;
      }
      case 'ClassDeclaration':
        declares.add(statement.id.name);
        edits.insert(statement.start, `${statement.id.name} = `);
        edits.insert(statement.end, ';');
        break;
      case 'VariableDeclaration':
        assignInstead(statement, edits, declares);
        break;
      default:
        globaliseVars(statement, edits, declares);
    }
  }
  returnLast(program, code, edits);
  const pieces = functions.map(({ start, end, line, column }) => ({
    code: edits.render(start, end),
    lineOffset: line - 1,
    columnOffset: column,
  }));
  return { functions: pieces, body: edits.render(0, code.length, functions), declares: [...declares] };
}

/** Blanks the types out; the text keeps its lines and columns. */
function stripTypes(source: string): string {
  const strip = module.stripTypeScriptTypes as typeof module.stripTypeScriptTypes | undefined;
  if (!strip) {
    throw new CellSyntaxError(
      `TypeScript cells need Node 22.13 or newer, this is ${process.version}; change the cell's language to JavaScript`,
      1,
      0,
    );
  }
  try {
    return strip(source);
  } catch (error) {
    const { message, stack } = error as Error;
    const [, line = '1', marker = ''] = /^:(\d+)\n(?:[^\n]*\n)*?( *)\^/.exec(stack ?? '') ?? [];
    throw new CellSyntaxError(message, Number(line), marker.length);
  }
}

function parseCell(code: string): Program {
  try {
    return parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true, preserveParens: true });
  } catch (error) {
    const { message, loc } = error as SyntaxError & { loc?: { line: number; column: number } };
    throw new CellSyntaxError(message.replace(/ \(\d+:\d+\)$/, ''), loc?.line ?? 1, loc?.column ?? 0);
  }
}

/** Imports and awaits, wherever they stand. */
function rewriteEverywhere(program: Program, edits: Edits): void {
  visit(program, (node) => {
    if (node.type === 'ImportExpression') {
      edits.replace(node.start, node.start + 'import'.length, CELL_HOOKS.load);
    } else if (node.type === 'MetaProperty' && node.meta.name === 'import') {
      edits.replace(node.start, node.end, CELL_HOOKS.meta);
    } else if (node.type === 'AwaitExpression') {
      edits.insert(node.start + 'await'.length, ` ${CELL_HOOKS.live}(`);
      edits.insert(node.end, ')');
    } else if (node.type === 'ForOfStatement' && node.await) {
      edits.insert(node.right.start, `${CELL_HOOKS.liveEach}(`);
      edits.insert(node.right.end, ')');
    }
    return true;
  });
}

/** `const { a } = f()` becomes `void ({ a } = f())`: `void` neither continues the line before nor needs a semicolon. */
function assignInstead(declaration: VariableDeclaration, edits: Edits, declares: Set<string>): void {
  edits.replace(declaration.start, declaration.start + declaration.kind.length, 'void (');
  for (const declarator of declaration.declarations) {
    for (const name of namesOf(declarator.id)) declares.add(name);
    if (!declarator.init && declaration.kind !== 'var') edits.insert(declarator.end, ' = undefined');
  }
  edits.insert(declaration.declarations.at(-1)?.end ?? declaration.end, ')');
}

/** A `var` inside blocks and loops is the function's in JavaScript, so the notebook's here. */
function globaliseVars(statement: AnyNode, edits: Edits, declares: Set<string>): void {
  const heads = new Set<AnyNode>();
  visit(statement, (node) => {
    if (node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression') return false;
    if (node.type === 'ArrowFunctionExpression' || node.type === 'StaticBlock') return false;
    if (node.type === 'ForStatement' && node.init) heads.add(node.init);
    if (node.type === 'ForInStatement' || node.type === 'ForOfStatement') heads.add(node.left);
    if (node.type !== 'VariableDeclaration' || node.kind !== 'var') return true;
    if (!heads.has(node)) {
      assignInstead(node, edits, declares);
      return true;
    }
    edits.replace(node.start, node.start + 'var'.length, '');
    for (const { id } of node.declarations) for (const name of namesOf(id)) declares.add(name);
    return true;
  });
}

function returnLast(program: Program, code: string, edits: Edits): void {
  const last = program.body.at(-1);
  if (last?.type !== 'ExpressionStatement') return;
  edits.insert(last.start, 'return (');
  edits.insert(code[last.end - 1] === ';' ? last.end - 1 : last.end, ')');
}

/** Names that a declaration's left side binds. */
function namesOf(pattern: Pattern | Expression): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((each) => namesOf(each.type === 'RestElement' ? each.argument : each.value));
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? namesOf(element) : []));
    case 'RestElement':
      return namesOf(pattern.argument);
    case 'AssignmentPattern':
      return namesOf(pattern.left);
    default:
      return [];
  }
}

function nameText(name: { type: string; name?: string; value?: unknown }): string {
  return JSON.stringify(name.type === 'Identifier' ? name.name : name.value);
}

function attributesText(statement: { attributes?: readonly AnyNode[] }): string {
  const pairs = (statement.attributes ?? []).flatMap((attribute) =>
    attribute.type === 'ImportAttribute' ? `${nameText(attribute.key)}: ${JSON.stringify(attribute.value.value)}` : [],
  );
  return pairs.length > 0 ? `, { with: { ${pairs.join(', ')} } }` : '';
}

/** Every node below `node`, itself first; a visitor that returns false skips what is inside. */
function visit(node: AnyNode, visitor: (node: AnyNode) => boolean): void {
  if (!visitor(node)) return;
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child === 'object' && child !== null && typeof (child as AnyNode).type === 'string') {
        visit(child as AnyNode, visitor);
      }
    }
  }
}

/** Changes of a text by position; what replaces several lines keeps their number. */
class Edits {
  private readonly text: string;
  private readonly list: { start: number; end: number; text: string; order: number }[] = [];

  constructor(text: string) {
    this.text = text;
  }

  insert(at: number, text: string): void {
    this.list.push({ start: at, end: at, text, order: this.list.length });
  }

  replace(start: number, end: number, text: string): void {
    const lines = this.text.slice(start, end).split('\n').length - 1;
    this.list.push({ start, end, text: text + '\n'.repeat(lines), order: this.list.length });
  }

  /** The changed text of a span; the spans of `without` leave only their line breaks. */
  render(from: number, to: number, without: readonly { start: number; end: number }[] = []): string {
    const blanks = without.map(({ start, end }) => ({
      start,
      end,
      text: this.text.slice(start, end).replace(/[^\n]+/g, ''),
      order: -1,
    }));
    const wanted = [...this.list, ...blanks]
      .filter(({ start, end }) => start >= from && end <= to)
      .sort(
        (a, b) => a.start - b.start || (a.end === a.start ? 0 : 1) - (b.end === b.start ? 0 : 1) || a.order - b.order,
      );
    let result = '';
    let at = from;
    for (const { start, end, text } of wanted) {
      if (start < at) continue;
      result += this.text.slice(at, start) + text;
      at = end;
    }
    return result + this.text.slice(at, to);
  }
}
