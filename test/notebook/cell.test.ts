import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CellSyntaxError, prepareCell } from '../../src/notebook/cell.ts';

const bodyOf = (source: string) => prepareCell(source, 'javascript').body;

describe('prepareCell', () => {
  it('turns declarations into assignments that neither continue the line before nor the line after', () => {
    assert.equal(bodyOf('f\nconst a = 1\n;[b] = [2]'), 'f\nvoid ( a = 1)\n;return ([b] = [2])');
    assert.equal(bodyOf('let a, b = 2;'), 'void ( a = undefined, b = 2);');
    assert.equal(bodyOf('var a;'), 'void ( a);');
    assert.equal(bodyOf('class A {}\n(1)'), 'A = class A {};\nreturn ((1))');
  });

  it('names everything a pattern declares', () => {
    const { declares } = prepareCell('const { a, b: [c, ...d], e = 1, ...f } = g', 'javascript');
    assert.deepEqual(declares, ['a', 'c', 'd', 'e', 'f']);
  });

  it('leaves what is declared inside blocks and functions to them, except var', () => {
    const { declares } = prepareCell(
      '{ let a; const b = 1; var c } for (const d of []) var e; function f() { var g }',
      'javascript',
    );
    assert.deepEqual(declares, ['c', 'e', 'f']);
  });

  it('takes functions out and leaves their lines empty', () => {
    const { functions, body } = prepareCell('1;\n  async function f() {\n  return await g();\n}\nf()', 'javascript');
    assert.equal(body, '1;\n  \n\n\nreturn (f())');
    assert.deepEqual(functions, [
      { code: 'async function f() {\n  return await __live( g());\n}', lineOffset: 1, columnOffset: 2 },
    ]);
  });

  it('turns every form of import into a call', () => {
    assert.equal(bodyOf('import "a"'), 'void ({  } = await __load("a"));');
    assert.equal(
      bodyOf('import d, { x as y } from "a" with { type: "json" };'),
      'void ({ "default": d, "x": y } = await __load("a", { with: { "type": "json" } }));',
    );
    assert.equal(bodyOf('import * as all from "a"'), 'void ({  } = all = await __load("a"));');
    assert.equal(bodyOf('import("a")'), 'return (__load("a"))');
    assert.equal(bodyOf('import.meta.url'), 'return (__meta.url)');
  });

  it('refuses exports and broken code with line and column', () => {
    assert.throws(
      () => bodyOf('\nexport const a = 1'),
      (error) => error instanceof CellSyntaxError && error.line === 2,
    );
    assert.throws(
      () => bodyOf('const a = 1;\nlet = ='),
      (error) => error instanceof CellSyntaxError && error.line === 2 && !/\(\d+:\d+\)/.test(error.message),
    );
  });

  it('keeps the number of lines, whatever the cell holds', () => {
    const statement = fc.constantFrom(
      'const a = 1',
      'let { b,\n c } = f()',
      'var d',
      'function g() {\n  return 1;\n}',
      'class H {\n  x = 1\n}',
      'import {\n  i\n} from "i"',
      'await k',
      'for (var l of [1]) {\n}',
      'm()',
      '// only\n',
    );
    fc.assert(
      fc.property(fc.uniqueArray(statement, { minLength: 1 }), fc.constantFrom('\n', ';\n'), (statements, between) => {
        const source = statements.join(between);
        assert.equal(bodyOf(source).split('\n').length, source.split('\n').length);
      }),
    );
  });
});
