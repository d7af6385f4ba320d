// Heads of a model without rotation: queries are multiplied by attention's factor 1/√D. Keeps
// nothing.

struct ScaleQueries: Operation {
  let shape: HeadShape

  var inputWidth: Int { shape.width }
  var outputWidth: Int { shape.width }
  var keepsOutput: Bool { false }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    Backend.scaleQueries(site.input, shape, into: site.output)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    Backend.scaleQueries(gradient.output, shape, into: gradient.input)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    Backend.scaleQueries(tangent.input, shape, into: tangent.output)
  }
}
