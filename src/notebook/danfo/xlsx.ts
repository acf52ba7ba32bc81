/** Stands in for the package `xlsx` in the bundle: large, with known holes, and not what finished tasks come in. */
function refuse(): never {
  throw new Error(
    'Excel files are not read or written here. Save the sheet as CSV and use dfd.readCSV or stowage.history.',
  );
}

export const read = refuse;
export const readFile = refuse;
export const write = refuse;
export const writeFile = refuse;
export const utils = { sheet_to_json: refuse, json_to_sheet: refuse, book_new: refuse, book_append_sheet: refuse };
