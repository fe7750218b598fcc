/**
 * State that belongs to a module belongs to nobody: two nodes in one process would share it, and no test could start afresh.
 * (Exported variables are forbidden by import/no-mutable-exports.)
 */
export const moduleState = {
  create(context) {
    return {
      VariableDeclaration(node) {
        if (node.parent.type !== 'Program' || node.kind === 'const' || node.declare === true) return
        context.report({ node, message: 'Mutable state of a module: put it into an object that somebody makes and passes on.' })
      },
    }
  },
}
