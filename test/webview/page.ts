import { Window } from 'happy-dom';
import { after, before } from 'mocha';

/** What the panel's code names of a browser. */
const NAMES = ['document', 'DOMParser', 'Event', 'getComputedStyle', 'HTMLElement', 'Node', 'ResizeObserver'] as const;

/** An observer that a test fires by hand; a page without layout never resizes. */
class Observer {
  static readonly all: Observer[] = [];
  private readonly observed: () => void;
  constructor(observed: () => void) {
    this.observed = observed;
    Observer.all.push(this);
  }
  observe(): void {}
  fire(): void {
    this.observed();
  }
}

/** Gives the suite a browser's page without layout; it goes with the suite, and no other file sees it. */
export function withPage(): void {
  const own = new Map(
    ['window', 'self', ...NAMES].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]),
  );
  const window = new Window();
  before(() => {
    const page: Record<string, unknown> = { window, self: window, document: window.document };
    for (const name of NAMES) page[name] ??= window[name];
    page['getComputedStyle'] = window.getComputedStyle.bind(window);
    page['ResizeObserver'] = Observer;
    for (const [name, value] of Object.entries(page))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  });
  after(async () => {
    Observer.all.length = 0;
    for (const [name, descriptor] of own) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
    await window.happyDOM.close();
  });
}

/** Lays the page out: whatever watches its size is told of it. */
export function layOut(): void {
  for (const observer of Observer.all.splice(0)) observer.fire();
}
