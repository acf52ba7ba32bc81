import { PassThrough, Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

/** Stands in for the abandoned package `request` in the bundle: the one function of it that danfojs calls, on `fetch`. */
export default {
  /** Body of a GET as a stream; emits `response` with `statusCode` first, `error` when nothing answers. */
  get(url: string): PassThrough {
    const stream = new PassThrough();
    fetch(url).then(
      ({ status, statusText, body }) => {
        stream.emit('response', { statusCode: status, statusMessage: statusText });
        if (body) Readable.fromWeb(body as ReadableStream).pipe(stream);
        else stream.end();
      },
      (error: unknown) => stream.emit('error', error),
    );
    return stream;
  },
};
