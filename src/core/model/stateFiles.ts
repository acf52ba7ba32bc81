/**
 * Where Stowage keeps its state: a directory in the workspace or beside the command line, and the files in it by name.
 */
export const STATE_DIRECTORY_NAME = '.stowage';
export const PREDICTOR_FILE_NAME = 'predictor.json';
