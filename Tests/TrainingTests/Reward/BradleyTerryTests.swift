import Foundation
import TestSupport
import Testing
import Training

/// The loss of pairs in closed form.
@Suite struct BradleyTerryTests {
  /// Δ = .8, m = .5: −log σ(.3) and σ(.3) − 1.
  @Test func aMarginShiftsTheDifference() {
    let loss = BradleyTerry(margin: 0.5)
    for terms in [
      loss.terms(chosen: 1.1, rejected: 0.3),
      BradleyTerry(margin: 9).terms(chosen: 1.1, rejected: 0.3, margin: 0.5),
      BradleyTerry().terms(chosen: -0.2, rejected: -1, margin: 0.5),
    ] {
      expectClose(terms.loss, 0.554355, absolute: 5e-7)
      expectClose(terms.chosen, -0.425557, absolute: 5e-7)
      expectClose(terms.rejected, 0.425557, absolute: 5e-7)
    }
  }

  /// A tie has the label ½, and no margin.
  @Test func aTieHasTheGradientOfHalfALabel() {
    let loss = BradleyTerry(margin: 0.5)
    for difference in [-2, -0.3, 0, 0.8, 5] {
      let terms = loss.terms(chosen: 0.1 + difference, rejected: 0.1, isTie: true)
      let share = 1 / (1 + exp(-difference))
      expectClose(terms.chosen, share - 0.5, absolute: 1e-15)
      expectClose(terms.rejected, 0.5 - share, absolute: 1e-15)
      expectClose(terms.loss, -0.5 * log(share) - 0.5 * log(1 - share), absolute: 1e-12)
    }
    #expect(loss.terms(chosen: 2, rejected: 2, isTie: true).chosen == 0)
  }

  /// c (r_c + r_r)² with the derivative 2c (r_c + r_r) by both.
  @Test func centringPullsBothRewardsToZero() {
    let plain = BradleyTerry().terms(chosen: 1.5, rejected: -0.25)
    let terms = BradleyTerry(centering: 0.01).terms(chosen: 1.5, rejected: -0.25)
    expectClose(terms.loss - plain.loss, 0.01 * 1.25 * 1.25, absolute: 1e-15)
    expectClose(terms.chosen - plain.chosen, 2 * 0.01 * 1.25, absolute: 1e-15)
    expectClose(terms.rejected - plain.rejected, 2 * 0.01 * 1.25, absolute: 1e-15)
  }

  /// Without centring, a function of the prompt added to both rewards changes nothing.
  @Test func aFunctionOfThePromptIsFree() {
    let loss = BradleyTerry(margin: 0.25)
    for isTie in [false, true] {
      let terms = loss.terms(chosen: 0.75, rejected: 0.5, isTie: isTie)
      #expect(loss.terms(chosen: 8.75, rejected: 8.5, isTie: isTie) == terms)
      #expect(terms.chosen == -terms.rejected)
    }
  }

  @Test func derivativesAreSlopes() {
    let loss = BradleyTerry(margin: 0.7, centering: 0.3)
    for isTie in [false, true] {
      let terms = loss.terms(chosen: 0.9, rejected: -0.4, isTie: isTie)
      checkGradient(
        of: { loss.terms(chosen: $0[0], rejected: $0[1], isTie: isTie).loss }, at: [0.9, -0.4],
        gradient: [terms.chosen, terms.rejected])
    }
  }

  /// Differences beyond the range of the exponential function.
  @Test func largeDifferencesStayFinite() {
    let right = BradleyTerry().terms(chosen: 2000, rejected: -2000)
    #expect(right.loss == 0 && right.chosen == 0)
    let wrong = BradleyTerry().terms(chosen: -2000, rejected: 2000)
    #expect(wrong.loss == 4000 && wrong.chosen == -1 && wrong.rejected == 1)
    #expect(BradleyTerry().terms(chosen: 4000, rejected: 0, isTie: true).loss == 2000)
  }
}
