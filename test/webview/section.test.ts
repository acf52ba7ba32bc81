import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'mocha';
import { drawerOf, section } from '../../webview/section.ts';
import { withPage } from './page.ts';

describe('drawing the sections of a page', () => {
  withPage();
  let root: HTMLElement;
  let draw: ReturnType<typeof drawerOf>;
  let made: string[];

  before(() => {
    root = document.createElement('main');
    document.body.append(root);
  });
  beforeEach(() => {
    made = [];
    root.replaceChildren();
    draw = drawerOf(root);
  });

  /** A section that shows a value, as a button so that it can have the focus. */
  const showing = (name: string, value: string) =>
    section(name, [value], () => {
      made.push(name);
      const node = document.createElement('button');
      node.textContent = `${name} ${value}`;
      return node;
    });
  const texts = () => [...root.children].map(({ textContent }) => textContent);

  it('makes again only those that changed', () => {
    draw([showing('a', '1'), showing('b', '1')]);
    draw([showing('a', '2'), showing('b', '1')]);
    assert.deepEqual(made, ['a', 'b', 'a']);
    assert.deepEqual(texts(), ['a 2', 'b 1']);
  });

  it('leaves the focus in a section that did not change, whatever changes around it', () => {
    draw([showing('a', '1'), showing('b', '1'), showing('c', '1')]);
    (root.children[1] as HTMLElement).focus();
    draw([showing('a', '2'), showing('b', '1'), showing('c', '2'), showing('d', '1')]);
    assert.equal(document.activeElement?.textContent, 'b 1');
  });

  it('takes away what is no longer there, and makes it again when it comes back', () => {
    draw([showing('a', '1'), showing('b', '1'), showing('c', '1')]);
    (root.children[2] as HTMLElement).focus();
    draw([showing('a', '1'), showing('c', '1')]);
    assert.equal(document.activeElement?.textContent, 'c 1');
    assert.deepEqual(texts(), ['a 1', 'c 1']);
    draw([showing('a', '1'), showing('b', '1'), showing('c', '1')]);
    assert.deepEqual(texts(), ['a 1', 'b 1', 'c 1']);
    assert.deepEqual(made, ['a', 'b', 'c', 'b']);
  });

  it('draws nothing for no sections', () => {
    draw([showing('a', '1')]);
    draw([]);
    assert.deepEqual(texts(), []);
  });
});
