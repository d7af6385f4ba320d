import Foundation
import Jinja
import KeyedRandom
import StrictJSON
import Testing

/// A template, its variables, and what jinja2 renders; see Fixtures/README.md.
private struct GoldenCase {
  let name: String
  let template: String
  let variables: JSONObject
  /// Nil where jinja2 fails.
  let text: String?

  static func all() throws -> [GoldenCase] {
    let fixtures = try #require(Bundle.module.path(forResource: "Fixtures", ofType: nil))
    func bytes(_ name: String) throws -> [UInt8] {
      try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(fixtures)/\(name)")))
    }
    let cases = try #require(try JSON.parse(bytes("golden.json")).arrayValue)
    return try cases.compactMap(\.objectValue).map { object in
      let file = object["file"]?.stringValue
      let template =
        try file.map { String(decoding: try bytes("templates/\($0).jinja"), as: UTF8.self) }
        ?? object["template"]?.stringValue
      return GoldenCase(
        name: try #require(file ?? template), template: try #require(template),
        variables: try #require(object["variables"]?.objectValue),
        text: object["text"]?.stringValue)
    }
  }
}

private let now = CalendarTime("2026-03-04T15:06:07")

private func render(
  _ template: String, _ variables: JSONObject = [:], limits: JinjaTemplate.Limits = .init()
) throws -> String {
  try JinjaTemplate(template).render(variables, now: now, limits: limits)
}

private func failure(
  _ template: String, _ variables: JSONObject = [:], limits: JinjaTemplate.Limits = .init()
) -> JinjaError? {
  #expect(throws: JinjaError.self) { try render(template, variables, limits: limits) }
}

@Suite struct JinjaTests {
  @Test func templatesGiveTheTextOfJinja2OrFailWithIt() throws {
    let cases = try GoldenCase.all()
    #expect(cases.count > 400)
    for golden in cases {
      if let text = golden.text {
        #expect(try render(golden.template, golden.variables) == text, "\(golden.name)")
      } else {
        #expect(throws: JinjaError.self, "\(golden.name)") {
          try render(golden.template, golden.variables)
        }
      }
    }
  }

  @Test func errorsNameTheLineAndTheCause() {
    let cases: [(String, JinjaError.Kind, String)] = [
      ("a\n{{ x.y }}", .refused, "line 2: x is undefined and has no y"),
      ("{% if a %}\n", .syntax, "line 1: the end of the template (expected elif or else or endif)"),
      ("\n\n{{ 'a' | shout }}", .unsupported, "line 3: the filter shout"),
      ("{% include 'a' %}", .unsupported, "line 1: the statement include"),
      ("{{ 1 + }}", .syntax, "line 1: }} (expected an expression)"),
      ("{{ raise_exception('No ' ~ 1) }}", .refused, "line 1: the template refuses this: No 1"),
      ("{{ [1, 2] | map('x') | list }}", .unsupported, "line 1: the filter x"),
      ("{{ namespace }}", .unsupported, "line 1: a function written as text"),
      ("{{ 99999999999999999999 }}", .unsupported, "line 1: the number 99999999999999999999"),
    ]
    for (template, kind, message) in cases {
      let error = failure(template)
      #expect(error?.kind == kind, "\(template)")
      #expect(error?.description.hasPrefix(message) == true, "\(template): \(error as Any)")
    }
  }

  @Test func theDateIsGivenOrRefused() throws {
    let template = "{{ strftime_now('%d %b %Y, %A %-d.%-m. %H:%M %j') }}"
    #expect(try render(template) == "04 Mar 2026, Wednesday 4.3. 15:06 063")
    let error = #expect(throws: JinjaError.self) { try JinjaTemplate(template).render([:]) }
    #expect(
      error?.message
        == "the template writes today's date, and no date is given")
    // Asking whether there is a date depends on no day.
    #expect(try JinjaTemplate("{{ strftime_now is defined }}").render([:]) == "True")
    let dates = ["2024-02-29", "2000-01-01T00:00:00"]
    #expect(dates.allSatisfy { CalendarTime($0) != nil })
    for text in [
      "2023-02-29", "2024-1-1", "24-01-01", "2024-01-01T24:00:00", "2024-01-01 10:00", "",
    ] {
      #expect(CalendarTime(text) == nil, "\(text)")
    }
  }

  @Test func weekdaysFollowTheCalendar() throws {
    let days = ["1970-01-01": "Thu", "2000-02-29": "Tue", "2026-11-26": "Thu", "1900-03-01": "Thu"]
    for (date, name) in days {
      #expect(
        try JinjaTemplate("{{ strftime_now('%a') }}").render([:], now: CalendarTime(date)) == name)
    }
  }

  @Test func namesWithoutAKnownValueAreRefusedWhenTheyAreRead() throws {
    let template = try JinjaTemplate("{% if x %}{{ bos_token }}{% endif %}.")
    let unknown = ["bos_token": "nobody knows bos_token"]
    #expect(try template.render(["x": false], unknown: unknown) == ".")
    let error = #expect(throws: JinjaError.self) {
      try template.render(["x": true], unknown: unknown)
    }
    #expect(error?.message == "nobody knows bos_token")
  }

  @Test func numbersThatLostTheirDigitsAreRefused() throws {
    let large = try JSON.parse(Array("[12345678901234567890]".utf8))
    #expect(failure("{{ x }}", ["x": large])?.kind == .unsupported)
    #expect(try render("{{ x }}", ["x": [9_007_199_254_740_993]]) == "[9007199254740993]")
  }

  @Test func unboundedTemplatesEnd() {
    var limits = JinjaTemplate.Limits()
    limits.steps = 100_000
    limits.bytes = 1 << 20
    let loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    let cases = [
      loop,
      "{{ 'ab' * 1000000 }}",
      "{% set ns = namespace(t='ab') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      String(repeating: "(", count: 1000) + "1" + String(repeating: ")", count: 1000),
      "{{ " + String(repeating: "(", count: 1000) + "1" + String(repeating: ")", count: 1000)
        + " }}",
      "{{ " + String(repeating: "-", count: 1000) + "1 }}",
      "{{ a" + String(repeating: "[0]", count: 1000) + " }}",
      String(repeating: "{% if 1 %}", count: 1000) + String(repeating: "{% endif %}", count: 1000),
    ]
    for template in cases where template.contains("{") {
      #expect(failure(template, limits: limits)?.kind == .limit, "\(template.prefix(60))")
    }
    // Long is not deep.
    let long = "{{ " + Array(repeating: "'a'", count: 5000).joined(separator: " + ") + " }}"
    #expect((try? render(long))?.count == 5000)
  }

  @Test func damagedTemplatesNeverCrash() throws {
    var generator = RandomKey(seed: 0).derive("damaged templates").generator()
    var limits = JinjaTemplate.Limits()
    limits.steps = 20_000
    limits.bytes = 1 << 18
    let pieces = [
      "{{", "}}", "{%", "%}", "-", "|", "'", "(", ")", "[", "]", "{#", "is ", "not ", "1",
    ]
    let cases = try GoldenCase.all()
    var rendered = 0
    for _ in 0..<2000 {
      let golden = cases[generator.uniform(below: cases.count)]
      var scalars = Array(golden.template.unicodeScalars)
      for _ in 0...generator.uniform(below: 3) where !scalars.isEmpty {
        let place = generator.uniform(below: scalars.count)
        if generator.uniform(below: 2) == 0 {
          scalars.remove(at: place)
        } else {
          let piece = pieces[generator.uniform(below: pieces.count)]
          scalars.insert(contentsOf: Array(piece.unicodeScalars), at: place)
        }
      }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      if (try? render(String(text), golden.variables, limits: limits)) != nil { rendered += 1 }
    }
    #expect(rendered > 100)
  }
}
