/**
 * No type assertions, for they are claims that nobody checks. Two stay: `as const`, and `list[i] as T`, which says that an index is in range
 * where a test for undefined would cost on a hot path. Codecs, whose job it is to give bytes a type, are exempted in .oxlintrc.json.
 */
export const assertions = {
  create(context) {
    const message = 'A type assertion is a claim that nobody checks: decode, narrow or parse instead (codecs excepted).'
    return {
      TSAsExpression(node) {
        const type = node.typeAnnotation
        const isConst = type.type === 'TSTypeReference' && type.typeName.type === 'Identifier' && type.typeName.name === 'const'
        const isElement = node.expression.type === 'MemberExpression' && node.expression.computed
        if (!isConst && !isElement) context.report({ node, message })
      },
      TSTypeAssertion(node) {
        context.report({ node, message })
      },
    }
  },
}
