// The response of a line.
import StrictJSON

extension LineFields {
  /// A response under the first of the keys that is present: text, or one turn of the assistant.
  func response(_ keys: String...) throws(LineFault) -> String? {
    guard let (key, value) = first(of: keys) else { return nil }
    guard let elements = value.arrayValue else { return try Self.string(value, key) }
    let messages = try Self.messages(elements, key)
    guard messages.count == 1, let message = messages.first, message["role"] == "assistant" else {
      throw LineFault(
        "\(key) has \(messages.count) turns (expected one turn of the assistant: only it is scored)"
      )
    }
    // What was sampled had the field's text too, in the template's words.
    for (name, value) in message.members where !["role", "content"].contains(name) {
      let isEmpty = value.isNull || value == "" || value.arrayValue?.isEmpty == true
      guard isEmpty else {
        throw LineFault(
          "\(key)[0] has \(name) (expected role and content only; response_ids score everything "
            + "that was sampled)")
      }
    }
    guard let content = message["content"]?.stringValue else {
      throw LineFault(
        "\(key)[0].content is \((message["content"] ?? .null).summary) (expected a string)")
    }
    return content
  }
}
