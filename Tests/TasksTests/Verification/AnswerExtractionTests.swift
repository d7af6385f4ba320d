import Tasks
import Testing

/// Where the answer of a response is: end tokens, boxes, tags, thoughts, phrases.
@Suite struct AnswerExtractionTests {
  private func extracted(_ response: String) -> String? {
    AnswerVerifier().verify(response, answer: "no such answer").extracted
  }

  @Test(arguments: [
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|a-new.token:7|>", "</s>", "<s>", "<eos>",
    "<pad><pad>",
    "<end_of_turn>", "<｜end▁of▁sentence｜>", "<|im_end|>\n", " <|im_end|><|endoftext|>", "</s></s>",
  ])
  func specialTokensAtTheEndBelongToNoAnswer(token: String) {
    for response in [
      "The answer is 12", "The answer is 12.", "#### 12", "\\boxed{12}", "**Answer:** 12",
      "The answer is $12$.", "<answer>12</answer>", "<think>13</think> \\boxed 12",
    ] {
      let found = AnswerVerifier().verify(response + token, answer: "12")
      #expect(found.outcome == .correct, "\(response + token): \(found.reason)")
      #expect(AnswerVerifier().verify(response + token, answer: "2").outcome == .wrong)
    }
  }

  @Test func onlyMarksOfTheirShapeAreSpecialTokens() {
    #expect(extracted("The answer is a<b") == "a<b")
    #expect(extracted("The answer is <1,2>") == "<1,2>")
    #expect(extracted("The answer is a <| b |>") == "a <| b |>")
    // A turn that the response invents behind its end belongs to no answer either.
    #expect(extracted("The answer is 8.<|im_end|> More?") == "8")
    #expect(extracted("#### 8<|im_end|>user") == "8")
  }

  @Test(arguments: [
    ("\\boxed{8}. I used \\boxed{} as you asked.", "8"), ("\\boxed{8} stands in \\boxed now", "8"),
    ("Put it in \\boxed{...}: \\boxed{8}", "8"), ("It is \\boxed{8}, in a \\boxed{\\,}.", "8"),
    ("\\boxed{8}, boxed by \\boxed{\\ldots}", "8"), ("\\boxed{8}. Note `\\boxed`.", "8"),
    ("We must use \\boxed{}.\n#### 8", "8"), ("With \\boxed, the answer is 8.", "8"),
    ("$\\boxed{8}$ and \\fbox{} too", "8"), ("$\\boxed ab$", "ab"), ("\\boxed x is it", "x"),
  ])
  func mentionsOfTheCommandAreNoAnswers(response: String, answer: String) {
    #expect(extracted(response) == answer)
  }

  @Test(arguments: [
    ("\\boxed{2} and \\boxed{9}", "2, 9"),
    ("$\\boxed{2}$, $\\boxed{9}$, and $\\boxed{4}$.", "2, 9, 4"),
    ("\\boxed{2}\\text{ or }\\boxed{9}", "2, 9"), ("\\(\\boxed{2}\\);\n\\(\\boxed{9}\\)", "2, 9"),
    ("$x = \\boxed{2}$, $y = \\boxed{9}$", "x = 2, y = 9"), ("\\boxed{2}, \\boxed{2}", "2"),
    ("\\boxed{2}. No: \\boxed{9}", "9"), ("\\boxed{2} \\boxed{9}", "9"),
    ("\\boxed{2} but \\boxed{9}", "9"),
    ("\\boxed{1} is no root; \\boxed{2} and \\boxed{9} are", "2, 9"),
    ("\\boxed{2} for \\boxed{9}", "9"),
  ])
  func boxesBetweenSeparatorsAreOneList(response: String, answer: String) {
    #expect(extracted(response) == answer)
  }

  @Test func aListOfBoxesIsNotItsLastBox() {
    let response = "They are \\boxed{2} and \\boxed{9}."
    #expect(AnswerVerifier().verify(response, answer: "9,2").outcome == .correct)
    #expect(AnswerVerifier().verify(response, answer: "9").outcome == .wrong)
  }

  @Test(
    arguments: [
      ("<answer>8</answer>", "8"), ("<answer>\n 8 \n</answer>\n", "8"),
      ("<answer>7</answer><answer>8</answer>", "8"),
      ("\\boxed{7} <answer>8</answer>", "8"),
      ("<answer>The answer is 8.</answer>", "8"),
      ("<answer>so \\boxed{8}</answer> \\boxed{7}", "8"),
      ("<answer>8</answer> I used <answer> tags.", "8"),
      ("In <answer></answer>: <answer>8</answer>", "8"), ("<ANSWER>8</ANSWER>", "8"),
      ("\\boxed{8} and no <answer> tags", "8"),
      ("<think><answer>7</answer></think><answer>8</answer>", "8"),
    ])
  func answerTagsHoldTheAnswer(response: String, answer: String) {
    #expect(extracted(response) == answer)
  }

  @Test(arguments: [
    "<answer>8", "<answer>7</answer> wait <answer>8", "<answer></answer>", "8</answer>",
  ])
  func tagsThatAreNotClosedHoldNone(response: String) {
    #expect(AnswerVerifier().verify(response, answer: "8").outcome == .unparsed)
    #expect(AnswerVerifier().verify(response, answer: "7").outcome == .unparsed)
  }

  @Test(
    arguments: [
      ("<think>\\boxed{7}?</think>The answer is 8", "8"),
      ("<think>The answer is 7</think>\\boxed{8}", "8"),
      ("<thinking>#### 7\n</thinking>\n#### 8", "8"),
      ("<think>\\boxed{6}</think>a<think>\\boxed{7}</think>\n#### 8", "8"),
      ("<reasoning>\\boxed{7}</reasoning>\nAnswer: 8", "8"),
      // Without anything behind the thoughts, and in thoughts that do not end, the last mark counts.
      ("<think>so \\boxed{8}</think>\n", "8"), ("<think>maybe \\boxed{8}", "8"),
    ])
  func theAnswerIsBehindTheThoughts(response: String, answer: String) {
    #expect(extracted(response) == answer)
  }

  @Test func textBehindThoughtsWithoutAMarkIsNoAnswer() {
    let found = AnswerVerifier().verify("<think>\\boxed{7}</think> It is 8.", answer: "7")
    #expect(found.outcome == .unparsed)
  }

  @Test(arguments: [
    ("The answer is thus 8.", "8"), ("The answer is, therefore, 8.", ", therefore, 8"),
    ("The answer is exactly $8$.", "$8$"), ("The answer is then simply 8.", "8"),
    ("The answer is equal to 8.", "8"),
    ("The answer is 8/3 (or 2.667).", "8/3"), ("The answer is 8/3 (≈ 2.667).", "8/3"),
    ("The answer is 8, because 4+4=8.", "8"), ("The answer is 8, which is even.", "8"),
    ("The answer is 8 (mod 9).", "8 (mod 9)"), ("The answer is not 8.", "not 8"),
    ("The answer is July 8.", "July 8"), ("The answer is family.", "family"),
    ("The answer is 8/3 or approximately 2.667.", "8/3"),
    ("The answer is 0.888... Done.", "0.888..."),
    ("The answer is 8...", "8"), ("The answer is 3 or 8.", "3 or 8"),
  ])
  func wordsAroundAnAnswerAreLeftOut(response: String, answer: String) {
    #expect(extracted(response) == answer)
  }

  /// Models without tags mark the end of their thoughts in other ways.
  @Test(arguments: [
    "[THINK]\\boxed{13}[/THINK] The answer is 12", "◁think▷\\boxed{13}◁/think▷ The answer is 12",
    "<|begin_of_thought|>\\boxed{13}<|end_of_thought|> The answer is 12",
    "<|channel|>analysis<|message|>\\boxed{13}<|end|><|start|>assistant<|channel|>final<|message|>#### 12",
    "#### Result\nThe answer is 12.", "#### 12 km\nThat is far.",
    "#### 12\n#### Remarks\nIt was long.",
    "#### Answer: 12", "<think>The answer is 12</think>", "The answer is 12。",
    "The answer is 12 (or 12.00)",
  ])
  func otherMarksAreUnderstood(response: String) {
    let found = AnswerVerifier().verify(response, answer: "12")
    #expect(found.outcome == .correct, "\(response): \(found.reason)")
  }

  @Test(arguments: [
    ("The answer is 12 (or 13 if it rains).", "12"), ("The answer is (A) and (B)", "A"),
    ("Answer: A) or B)", "A"), ("The answer is (A) is wrong, (B) is right", "A"),
    ("\\boxed{(A) 3 (B) 4}", "A"), ("\\boxed{2, 4, 6, ...}", "2, 4, 6"),
    ("\\boxed{|x| = 12}", "12"),
    ("\\boxed{log(x) = 12}", "12"), ("\\boxed{x (mod 13) = 12}", "12"),
  ])
  func hedgesAndSeveralChoicesAreNot(response: String, answer: String) {
    let found = AnswerVerifier().verify(response, answer: answer)
    #expect(found.outcome != .correct, "\(response): \(found.reason)")
  }
}
