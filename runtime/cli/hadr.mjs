#!/usr/bin/env node
// `npx hadr` in a checkout runs the command's own TypeScript; `npm run build:hadr` makes one file of it.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
