/** What a mutation changes: one operator, condition, constant or call in the source, and nothing else. */
import ts from 'typescript';

export interface Mutation {
  readonly node: ts.Expression;
  readonly replacement: string;
  /** For the report: `>= becomes >`. */
  readonly what: string;
}

const OPERATORS: ReadonlyMap<ts.SyntaxKind, readonly string[]> = new Map([
  [ts.SyntaxKind.LessThanToken, ['<=', '>=']],
  [ts.SyntaxKind.LessThanEqualsToken, ['<', '>']],
  [ts.SyntaxKind.GreaterThanToken, ['>=', '<=']],
  [ts.SyntaxKind.GreaterThanEqualsToken, ['>', '<']],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, ['!==']],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, ['===']],
  [ts.SyntaxKind.AmpersandAmpersandToken, ['||']],
  [ts.SyntaxKind.BarBarToken, ['&&']],
  [ts.SyntaxKind.MinusToken, ['+']],
  [ts.SyntaxKind.AsteriskToken, ['/']],
  [ts.SyntaxKind.SlashToken, ['*']],
]);

/** Calls that have an opposite. */
const METHODS: ReadonlyMap<string, string> = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['max', 'min'],
  ['min', 'max'],
  ['floor', 'ceil'],
  ['ceil', 'floor'],
]);

const isText = (node: ts.Expression): boolean => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);

function ofBinary(node: ts.BinaryExpression, source: ts.SourceFile): Mutation[] {
  const { left, operatorToken, right } = node;
  const sign = operatorToken.getText(source);
  const text = (operator: string): string => `${left.getText(source)} ${operator} ${right.getText(source)}`;
  // A sum of texts has no difference.
  const operators =
    operatorToken.kind === ts.SyntaxKind.PlusToken && !isText(left) && !isText(right)
      ? ['-']
      : (OPERATORS.get(operatorToken.kind) ?? []);
  return operators.map((operator) => ({ node, replacement: text(operator), what: `${sign} becomes ${operator}` }));
}

function ofCall(node: ts.CallExpression, source: ts.SourceFile): Mutation[] {
  const { expression } = node;
  if (!ts.isPropertyAccessExpression(expression)) return [];
  const name = expression.name.text;
  const target = expression.expression.getText(source);
  const args = node.arguments.map((argument) => argument.getText(source)).join(', ');
  const opposite = METHODS.get(name);
  if (opposite !== undefined)
    return [{ node, replacement: `${target}.${opposite}(${args})`, what: `.${name} becomes .${opposite}` }];
  if (name === 'filter') return [{ node, replacement: `[...${target}]`, what: '.filter is left out' }];
  return [];
}

function ofLiteral(node: ts.Expression): Mutation[] {
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [{ node, replacement: 'false', what: 'true becomes false' }];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [{ node, replacement: 'true', what: 'false becomes true' }];
  if (ts.isNumericLiteral(node))
    return [{ node, replacement: `(${node.text} + 1)`, what: `${node.text} becomes one more` }];
  return [];
}

/** A condition that always or never holds. */
const ofCondition = (node: ts.Expression): Mutation[] => [
  { node, replacement: 'true', what: 'the condition always holds' },
  { node, replacement: 'false', what: 'the condition never holds' },
];

function isCondition(node: ts.Expression): boolean {
  const { parent } = node;
  return (
    (ts.isIfStatement(parent) && parent.expression === node) ||
    (ts.isConditionalExpression(parent) && parent.condition === node)
  );
}

/** The mutations of one node itself. */
export function mutationsOf(node: ts.Expression, source: ts.SourceFile): Mutation[] {
  const own = ts.isBinaryExpression(node)
    ? ofBinary(node, source)
    : ts.isCallExpression(node)
      ? ofCall(node, source)
      : ofLiteral(node);
  return isCondition(node) ? [...ofCondition(node), ...own] : own;
}
