/**
 * Puts all mutations of a source file into it at once, each behind a switch: `globalThis.mutant` is the number of the active one.
 * So one bundle has all mutants, and a test need not run for a mutant that it never reaches.
 */
import ts from 'typescript';
import { mutationsOf } from './mutations.ts';

export interface Mutant {
  readonly id: number;
  readonly file: string;
  readonly line: number;
  readonly what: string;
  /** The mutated text, shortened. */
  readonly text: string;
}

/** Runs before each mutated expression: notes that it was reached, and returns whether its mutant is active. */
export const SWITCH = `
globalThis.reachedMutants ??= new Set();
globalThis.isMutant ??= (id) => (globalThis.reachedMutants.add(id), globalThis.mutant === id);
`;

const TEXT_LENGTH = 90;

/** Schemas are declarations, and a type has no value. */
const isLeftAlone = (node: ts.Node): boolean =>
  ts.isTypeNode(node) ||
  ts.isImportDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node);

/** A number or a name that is a key is no expression of its own. */
const isKey = (node: ts.Node): boolean => ts.isPropertyAssignment(node.parent) && node.parent.name === node;

export function instrument(
  file: string,
  text: string,
  firstId: number,
): { readonly text: string; readonly mutants: Mutant[] } {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const mutants: Mutant[] = [];
  const emit = (node: ts.Node): string => {
    if (isLeftAlone(node)) return node.getFullText(source);
    let inner = '';
    let at = node.getFullStart();
    for (const child of childrenOf(node)) {
      inner += text.slice(at, child.getFullStart()) + emit(child);
      at = child.getEnd();
    }
    inner += text.slice(at, node.getEnd());
    if (!ts.isExpression(node) || isKey(node)) return inner;
    const trivia = text.slice(node.getFullStart(), node.getStart(source));
    const found = mutationsOf(node, source);
    if (found.length === 0) return inner;
    const switches = found.map(({ replacement, what }) => {
      const id = firstId + mutants.length;
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      const shown = node.getText(source).replaceAll(/\s+/g, ' ').slice(0, TEXT_LENGTH);
      mutants.push({ id, file, line, what, text: shown });
      return `isMutant(${id}) ? (${replacement}) : `;
    });
    return `${trivia}(${switches.join('')}(${inner.slice(trivia.length)}))`;
  };
  return { text: emit(source), mutants };
}

function childrenOf(node: ts.Node): ts.Node[] {
  const found: ts.Node[] = [];
  node.forEachChild((child) => void found.push(child));
  return found;
}
