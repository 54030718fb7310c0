/** Pulumi's entry: it calls the default export and waits for the outputs. */
import { program } from './program.ts';

export default program;
