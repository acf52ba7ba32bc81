/** Stands in for the package `node-fetch` in the bundle: Node has `fetch` itself. */
export default fetch;
