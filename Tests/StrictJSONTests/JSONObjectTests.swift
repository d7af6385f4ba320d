import StrictJSON
import Testing

@Suite struct JSONObjectTests {
  /// Small objects are searched one by one, bigger ones through a table.
  @Test(arguments: [1, 7, 8, 9, 16, 17, 100])
  func membersAreFoundReplacedAndRemovedAtEverySize(count: Int) {
    var object: JSONObject = [:]
    for index in 0..<count { object["key\(index)"] = .integer(index) }
    #expect(object.count == count)
    for index in 0..<count { #expect(object["key\(index)"] == .integer(index)) }
    #expect(object["absent"] == nil)
    object["key0"] = "new"
    #expect(object.keys == (0..<count).map { "key\($0)" })
    #expect(object["key0"] == "new")
    object["key0"] = nil
    object["absent"] = nil
    #expect(object.keys == (1..<count).map { "key\($0)" })
    #expect(object["key0"] == nil)
    for index in 1..<count { #expect(object["key\(index)"] == .integer(index)) }
    object["key0"] = 0
    #expect(object.keys.last == "key0")
    #expect(object["key0"] == 0)
  }

  @Test func equalityIgnoresTheOrderOfMembersOnly() {
    #expect((["a": 1, "b": 2] as JSON) == ["b": 2, "a": 1])
    #expect((["a": 1, "b": 2] as JSON) != ["a": 1])
    #expect((["a": 1, "b": 2] as JSON) != ["a": 1, "c": 2])
    #expect((["a": 1] as JSON) != ["a": 1.0])
    #expect(([1, 2] as JSON) != [2, 1])
  }

  @Test func aNullMemberIsThere() {
    var object: JSONObject = ["a": nil]
    #expect(object["a"] == .some(.null))
    object["b"] = .some(.null)
    #expect(object.keys == ["a", "b"])
  }
}
