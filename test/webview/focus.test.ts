import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'mocha';
import { withPage } from './browser.ts';

describe('the focus of a page', () => {
  withPage();
  let box: HTMLElement;

  before(async () => {
    const { keepFocus } = await import('../../webview/focus.ts');
    keepFocus();
  });
  beforeEach(() => {
    document.body.replaceChildren(document.createElement('input'));
    box = document.querySelector('input')!;
    box.focus();
  });

  /** The window loses the focus, and gets it again without the element that had it. */
  const away = () => {
    (document.activeElement as HTMLElement).blur();
    window.dispatchEvent(new Event('focus'));
  };

  it('goes back to where it was, as after a question of the editor', () => {
    away();
    assert.equal(document.activeElement, box);
    away();
    assert.equal(document.activeElement, box);
  });

  it('goes nowhere where the element is gone, or the reader clicked beside it', () => {
    box.blur();
    document.dispatchEvent(new Event('pointerup'));
    window.dispatchEvent(new Event('focus'));
    assert.equal(document.activeElement, document.body);
    box.focus();
    box.remove();
    window.dispatchEvent(new Event('focus'));
    assert.notEqual(document.activeElement, box);
  });

  it('is left alone where something has it', () => {
    const other = document.createElement('button');
    document.body.append(other);
    other.focus();
    window.dispatchEvent(new Event('focus'));
    assert.equal(document.activeElement, other);
  });
});
