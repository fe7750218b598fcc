/**
 * Visitors that call `check(node, specifier, typeOnly)` for everything by which a file takes something from another one:
 * import and export statements and `import()`. `typeOnly` is what the compiler erases. (Types written as `import('...')` are forbidden by another rule.)
 */
export function importVisitors(check) {
  const ofStatement = (kindKey, namedType) => (node) => {
    if (node.source === null || node.source === undefined) return
    const named = node.specifiers ?? []
    const typeOnly =
      node[kindKey] === 'type' || (named.length > 0 && named.every((one) => one.type === namedType && one[kindKey] === 'type'))
    check(node.source, node.source.value, typeOnly)
  }
  return {
    ImportDeclaration: ofStatement('importKind', 'ImportSpecifier'),
    ExportNamedDeclaration: ofStatement('exportKind', 'ExportSpecifier'),
    ExportAllDeclaration: ofStatement('exportKind', ''),
    ImportExpression(node) {
      if (node.source.type === 'Literal') check(node.source, node.source.value, false)
    },
  }
}

/** The file's path below the project's folder, with slashes. */
export function pathInProject(context) {
  const path = context.filename.slice(context.cwd.length + 1)
  return path.replaceAll('\\', '/')
}
