// The syntax tree of a template.

/// An expression, such as `message.role == 'user'`.
indirect enum Expression: Sendable {
  case constant(Constant)
  case name(String)
  case list([Expression])
  case tuple([Expression])
  case dictionary([(key: Expression, value: Expression)])
  /// `a.b`
  case attribute(Expression, String)
  /// `a[b]`
  case item(Expression, Expression)
  /// `a[b:c:d]`
  case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
  case call(Expression, Arguments)
  case filter(Expression?, String, Arguments)
  case test(Expression, String, Arguments, isNegated: Bool)
  case negative(Expression)
  case positive(Expression)
  case not(Expression)
  /// `a and b and c`: the first operand that is false, else the last one.
  case and([Expression])
  /// `a or b or c`: the first operand that is true, else the last one.
  case or([Expression])
  /// `a + b - c`: operators of one level, from left to right. A chain is one node, so that long ones
  /// do not nest.
  case arithmetic(Expression, [(Arithmetic, Expression)])
  /// `a ~ b ~ c`
  case concatenation([Expression])
  /// `a < b <= c`, which is `a < b and b <= c`.
  case comparison(Expression, [(Comparison, Expression)])
  /// `a if b else c`
  case conditional(Expression, condition: Expression, otherwise: Expression?)
}

/// A value that is written in the template.
enum Constant: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case string(String)

  var value: Value {
    switch self {
    case .none: .none
    case .bool(let value): .bool(value)
    case .integer(let value): .integer(value)
    case .real(let value): .real(value)
    case .string(let value): .string(value)
    }
  }
}

enum Arithmetic: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case remainder = "%"
  case power = "**"
}

enum Comparison: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case contained = "in"
  case notContained = "not in"
}

/// The arguments of a call, a filter or a test.
struct Arguments: Sendable {
  var positional: [Expression] = []
  var named: [(name: String, value: Expression)] = []
}

/// What a value is assigned to.
enum Target: Sendable {
  case name(String)
  case names([String])
  /// `namespace.attribute`
  case attribute(String, String)
}

/// A piece of the template's body, with its line.
struct Statement: Sendable {
  let line: Int
  let kind: Kind

  indirect enum Kind: Sendable {
    case text(String)
    case output(Expression)
    /// The first branch whose condition is true; the last one has none for `else`.
    case conditional([(condition: Expression?, body: [Statement])])
    case loop(Loop)
    case set(Target, Expression)
    /// `{% set name %}…{% endset %}`, with filters.
    case capture(Target, [(name: String, arguments: Arguments)], body: [Statement])
    case macro(Macro)
    /// `{% call(a) macro(b) %}…{% endcall %}`
    case callBlock(Macro, Expression)
    case filterBlock([(name: String, arguments: Arguments)], body: [Statement])
    case with([(Target, Expression)], body: [Statement])
    /// `{% generation %}`: renders its body in a scope of its own.
    case generation([Statement])
    case leave
    case next
  }
}

struct Loop: Sendable {
  let target: Target
  let sequence: Expression
  let condition: Expression?
  let body: [Statement]
  let otherwise: [Statement]
}

struct Macro: Sendable {
  let name: String
  let parameters: [(name: String, preset: Expression?)]
  let body: [Statement]
}
