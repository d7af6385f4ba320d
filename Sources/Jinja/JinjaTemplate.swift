// A template that renders variables as text, as jinja2 does with transformers' settings.
import StrictJSON

/// A Jinja template of the kind that checkpoints bring as chat templates.
///
/// The semantics are those of jinja2 3.1 in the environment that transformers makes for chat templates
/// (`transformers/utils/chat_template_utils.py`): `trim_blocks`, `lstrip_blocks`, `break` and
/// `continue`, `{% generation %}`, `raise_exception`, `tojson` as `json.dumps`, no automatic escaping,
/// nothing that changes a value in place. What is not implemented is an error when it is reached, so
/// text that is returned is exactly the text that jinja2 returns.
///
/// Rendering is bounded: templates are untrusted. A template that needs more steps or text than
/// `Limits` allows is an error.
public struct JinjaTemplate: Sendable {
  /// How much a template may do.
  public struct Limits: Sendable {
    /// Statements and expressions that are evaluated.
    public var steps = 2_000_000
    /// Bytes of text that are made on the way, including the result.
    public var bytes = 256 << 20

    /// The default limits.
    public init() {}
  }

  let statements: [Statement]

  /// Reads a template.
  ///
  /// - Throws: `JinjaError` with the line for text that is not a template, for a statement that is not
  ///   implemented, and for one that is nested too deeply.
  public init(_ source: String) throws(JinjaError) {
    statements = try Parser.statements(of: source)
  }

  /// Renders the template.
  ///
  /// - Parameters:
  ///   - variables: The variables by name. A name that is not a member is undefined.
  ///   - now: What `strftime_now` writes; with nil a call of it is an error, since results must not
  ///     depend on the day.
  ///   - unknown: Names whose value is not known. Reading one is an error with this message.
  /// - Throws: `JinjaError` for everything on which jinja2 fails, for what is not implemented, and
  ///   where a limit is reached.
  public func render(
    _ variables: JSONObject, now: CalendarTime? = nil, unknown: [String: String] = [:],
    limits: Limits = Limits()
  ) throws(JinjaError) -> String {
    let renderer = Renderer(now: now, unknown: unknown, limits: limits)
    return try renderer.render(statements, variables)
  }
}
