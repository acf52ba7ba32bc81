import { Window } from 'happy-dom';
import { after, before } from 'mocha';

/** What the panel's code names of a browser. */
const NAMES = [
  'customElements',
  'document',
  'DOMParser',
  'Element',
  'Event',
  'getComputedStyle',
  'HTMLElement',
  'MutationObserver',
  'Node',
  'ResizeObserver',
] as const;

/** An observer that a test fires by hand; a page without layout never resizes. */
class Observer {
  static readonly all = new Set<Observer>();
  private readonly observed: () => void;
  constructor(observed: () => void) {
    this.observed = observed;
  }
  observe(): void {
    Observer.all.add(this);
  }
  disconnect(): void {
    Observer.all.delete(this);
  }
  fire(): void {
    this.observed();
  }
}

/** One for all suites: modules that define elements, or keep hold of the document, are evaluated once. */
let shared: Window | undefined;

/** Gives the suite a browser's page without layout; it goes with the suite, and no other file sees it. */
export function withPage(): void {
  const own = new Map(
    ['window', 'self', ...NAMES].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]),
  );
  before(() => {
    shared ??= new Window();
    const window = shared;
    const page: Record<string, unknown> = { window, self: window, document: window.document };
    for (const name of NAMES) page[name] ??= window[name];
    page['getComputedStyle'] = window.getComputedStyle.bind(window);
    page['ResizeObserver'] = Observer;
    for (const [name, value] of Object.entries(page))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  });
  after(() => {
    document.body.replaceChildren();
    Observer.all.clear();
    for (const [name, descriptor] of own) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  });
}

/** Lays the page out: whatever watches its size is told of it. */
export function layOut(): void {
  for (const observer of Observer.all) observer.fire();
}
